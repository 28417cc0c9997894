/** fish shows what stands behind the tab beside the candidate: the answer is nearly what it wants already. */
export const FISH_SCRIPT = `# fish completion for doppel
function __doppel_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for answer in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $answer
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current"
            case '*'
                echo $answer
        end
    end
end
complete -c doppel -f -a '(__doppel_complete)'
`;
