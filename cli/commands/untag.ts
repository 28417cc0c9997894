/** `doppel untag`: takes a tag away; the image stays. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Take a tag away. The image itself stays.')
    .argument('<name:tag>', 'the tag, such as web:stable')
    .action((reference: string) =>
      start((session) =>
        changeImage(
          session,
          (store) => store.untag(reference),
          (title) => `${reference} is gone; the image is ${title}`,
        ),
      ),
    );
}
