/** `doppel unprotect`: lets an image be removed again. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Take the guard of "doppel protect" away.')
    .argument('<ref>', 'the image')
    .action((reference: string) =>
      start((session) =>
        changeImage(
          session,
          (store) => store.unprotect(reference),
          (title) => `${title} is no longer protected`,
        ),
      ),
    );
}
