/** `doppel ls`: the images of the store. */
import type { Command } from 'commander';
import type { Image } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { formatBytes, formatTime, shortId } from '../format.js';
import { collectLabel, type Labels } from '../option-values.js';
import type { Session, StartSession } from '../session.js';
import { renderTable, type TableColumn } from '../table.js';

interface Options {
  readonly label?: Labels;
  readonly removed?: true;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'NAME' },
  { title: 'TAGS' },
  { title: 'ID' },
  { title: 'CREATED' },
  { title: 'SIZE', align: 'right' },
  { title: 'USED', align: 'right' },
  { title: 'ADDED', align: 'right' },
];

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'List images by name, the oldest of each first. ADDED is what the capture added to the store.',
    )
    .argument('[pattern]', 'only names that match, such as "web*"')
    .option('--label <key=value>', 'only images with this label; may be repeated', collectLabel)
    .option('--removed', 'removed images that can still be brought back, instead of live ones')
    .addHelpText(
      'after',
      "\nExamples:\n  doppel ls 'web*' --label site=berlin\n  doppel ls --json | jq -r '.[].id'",
    )
    .action((pattern: string | undefined, options: Options) =>
      start((session) => list(session, pattern, options)),
    );
}

async function list(session: Session, pattern: string | undefined, options: Options): Promise<ExitCode> {
  const store = await session.openStore();
  const images = await store.images({
    ...(pattern !== undefined && { pattern }),
    ...(options.label && { labels: options.label }),
    ...(options.removed && { removed: true }),
  });
  await session.print(images, () => (images.length === 0 ? '' : renderTable(COLUMNS, images.map(row))));
  if (images.length === 0 && !session.json) session.remark('No images.');
  return EXIT.done;
}

function row(image: Image): readonly string[] {
  return [
    image.protected ? `${image.name} [protected]` : image.name,
    image.tags.join(', '),
    shortId(image.id),
    formatTime(image.created),
    formatBytes(image.size),
    formatBytes(image.usedBytes),
    formatBytes(image.storedBytes),
  ];
}
