/** `doppel rm`: marks one image removed, without asking: `undelete` takes it back. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import { shortId } from '../format.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Remove one image. It can be brought back with "doppel undelete" until "doppel gc" gives its space back.',
    )
    .argument('<ref>', 'the image')
    .action((reference: string) =>
      start((session) =>
        changeImage(
          session,
          (store) => store.remove(reference),
          (title, { id }) => `Removed ${title}; "doppel undelete @${shortId(id)}" brings it back`,
        ),
      ),
    );
}
