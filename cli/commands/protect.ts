/** `doppel protect`: guards an image against removal. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Guard an image against rm and prune until "doppel unprotect".')
    .argument('<ref>', 'the image')
    .action((reference: string) =>
      start((session) =>
        changeImage(
          session,
          (store) => store.protect(reference),
          (title) => `${title} is protected`,
        ),
      ),
    );
}
