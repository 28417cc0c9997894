/** Works both as an autoloaded file `_doppel` in $fpath and sourced from ~/.zshrc. */
export const ZSH_SCRIPT = String.raw`#compdef doppel
_doppel() {
  local answer word about
  local -a candidates shown
  while IFS= read -r answer; do
    case "$answer" in
      :files) _files ;;
      :folders) _files -/ ;;
      *)
        word="${'$'}{answer%%$'\t'*}"
        about="${'$'}{answer#*$'\t'}"
        candidates+=("$word")
        [[ -n "$about" ]] && shown+=("$word  -- $about") || shown+=("$word")
        ;;
    esac
  done < <("${'$'}{(Q)words[1]}" __complete -- "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2>/dev/null)
  (( ${'$'}{#candidates} )) && compadd -l -d shown -a candidates
}
if [[ "${'$'}{funcstack[1]}" == _doppel ]]; then
  _doppel "$@"
else
  compdef _doppel doppel
fi
`;
