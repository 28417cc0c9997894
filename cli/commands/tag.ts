/** `doppel tag`: points a tag to an image, away from any other. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description("Point a tag of the image's name to this image. Any other image of the name loses it.")
    .argument('<ref>', 'the image, such as web, web~1, @3f2a')
    .argument('<tag>', 'the tag: "stable" makes "web:stable"')
    .addHelpText('after', '\nExample:\n  doppel tag web~1 stable')
    .action((reference: string, tag: string) =>
      start((session) =>
        changeImage(
          session,
          (store) => store.tag(reference, tag),
          (title, { name }) => `${name}:${tag} is now ${title}`,
        ),
      ),
    );
}
