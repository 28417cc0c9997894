/** `doppel undelete`: brings a removed image back. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Bring a removed image back: "doppel ls --removed" lists those that are left.')
    .argument('<ref>', 'the image')
    .action((reference: string) =>
      start((session) =>
        changeImage(
          session,
          (store) => store.undelete(reference),
          (title) => `${title} is back`,
        ),
      ),
    );
}
