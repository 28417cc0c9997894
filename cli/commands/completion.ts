/** `doppel completion`: prints the script that teaches a shell to complete doppel's words. */
import { Argument, type Command } from 'commander';
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from '../completion/scripts.js';
import { EXIT } from '../exit-codes.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Print a script that completes commands, options, images and settings in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
To install it:
  bash   doppel completion bash > ~/.local/share/bash-completion/completions/doppel
         (with the package bash-completion; else put into ~/.bashrc: source <(doppel completion bash))
  zsh    doppel completion zsh > FOLDER/_doppel      with a FOLDER of your $fpath, before compinit runs
         (or put into ~/.zshrc, after compinit: source <(doppel completion zsh))
  fish   doppel completion fish > ~/.config/fish/completions/doppel.fish

Images come from the store that --store or DOPPEL_STORE names.`,
    )
    .action((shell: Shell) =>
      start(async (session) => {
        const script = COMPLETION_SCRIPTS[shell];
        await session.print({ shell, script }, () => script);
        return EXIT.done;
      }),
    );
}
