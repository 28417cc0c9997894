/** `doppel label`: sets labels of an image and takes them away. */
import type { Command } from 'commander';
import { changeImage } from '../change-image.js';
import { parseLabelChanges } from '../option-values.js';
import { printableLine } from '../printable.js';
import type { StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Set labels of an image (key=value) and take them away (key-).')
    .argument('<ref>', 'the image')
    .argument('<change...>', 'key=value sets a label, key- takes it away')
    .addHelpText('after', '\nExample:\n  doppel label web:stable site=berlin rack-')
    .action((reference: string, words: string[]) =>
      start((session) => {
        const changes = parseLabelChanges(words);
        return changeImage(
          session,
          (store) => store.label(reference, changes),
          (title, { labels }) => {
            const all = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
            return printableLine(`${title}: ${all.length === 0 ? 'no labels' : all.join(', ')}`);
          },
        );
      }),
    );
}
