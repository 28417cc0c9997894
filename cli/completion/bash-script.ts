/**
 * For bash 3.2 and later, without help of the package bash-completion. Readline splits words at characters such as ":"
 * and "@", which references contain: the script joins them again, and takes from each answer what stands before the
 * last split. What readline replaces begins after a ":" or "=", but with an "@".
 */
export const BASH_SCRIPT = String.raw`# bash completion for doppel
_doppel() {
  local line="${'$'}{COMP_LINE:0:COMP_POINT}" words=() n=0 i piece glued=''
  for ((i = 0; i <= COMP_CWORD; i++)); do
    piece="${'$'}{COMP_WORDS[i]}"
    if ((i == 0)) || [[ "$line" == [[:space:]]* ]] || [[ -z "$line" && -z "$piece" ]]; then
      line="${'$'}{line#"${'$'}{line%%[![:space:]]*}"}"
      ((i == COMP_CWORD)) && piece="$line"
      words[n]="$piece"
      n=$((n + 1))
      glued=''
    else
      ((i == COMP_CWORD)) && piece="$line"
      glued="${'$'}{words[n - 1]}"
      words[n - 1]="$glued$piece"
    fi
    line="${'$'}{line#"$piece"}"
  done

  local current="${'$'}{words[n - 1]}" answer word keep=''
  for ((i = ${'$'}{#current}; i > 0; i--)); do
    if [[ "$COMP_WORDBREAKS" == *"${'$'}{current:i-1:1}"* ]]; then
      keep="${'$'}{current:0:i}"
      keep="${'$'}{keep%@}"
      break
    fi
  done

  COMPREPLY=()
  while IFS= read -r answer; do
    case "$answer" in
      :files | :folders)
        local kind=default letter=-f
        [[ "$answer" == :folders ]] && kind=dirnames letter=-d
        compopt -o "$kind" 2>/dev/null && continue
        while IFS= read -r word; do
          COMPREPLY+=("$word")
        done < <(compgen "$letter" -- "${'$'}{current#"$keep"}")
        ;;
      *)
        word="${'$'}{answer%%$'\t'*}"
        COMPREPLY+=("${'$'}{word#"$keep"}")
        ;;
    esac
  done < <("${'$'}{words[0]}" __complete -- "${'$'}{words[@]:1}" 2>/dev/null)
}
complete -F _doppel doppel
`;
