/** `doppel show`: all that is known of one image. */
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatBytes } from '../format.js';
import { imageFields, imageTitle, layoutText } from '../image-text.js';
import type { Session, StartSession } from '../session.js';

interface Options {
  readonly exclusive?: true;
}

export function define(command: Command, start: StartSession): void {
  command
    .description('Show all about one image: times, sizes, digest, source, partitions and file systems.')
    .argument('<ref>', 'the image, such as web, web~1, web:stable, @3f2a')
    .option('--exclusive', 'compute besides what only this image needs (reads all recipes of the store)')
    .action((reference: string, options: Options) =>
      start((session) => show(session, reference, options.exclusive === true)),
    );
}

async function show(session: Session, reference: string, exclusive: boolean): Promise<ExitCode> {
  const store = await session.openStore();
  const image = await store.image(reference);
  const usage = exclusive ? await store.usage(reference, await session.operation()) : undefined;
  await session.print(usage === undefined ? image : { ...image, usage }, async () => {
    const own =
      usage === undefined
        ? ''
        : `\nOnly this image needs ${formatBytes(usage.exclusiveBytes)} in ` +
          `${countOf(usage.exclusiveChunks, 'chunk')}, stored as ${formatBytes(usage.exclusiveStoredBytes)}\n`;
    return `${imageTitle(image)}\n${imageFields(image)}${await layoutText(image.layout)}${own}`;
  });
  return EXIT.done;
}
