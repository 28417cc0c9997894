/** `doppel stats`: what the store holds, and what deduplication and compression save, apart. */
import type { Command } from 'commander';
import type { StoreStats } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatBytes, formatCount } from '../format.js';
import { healthFields } from '../health-text.js';
import { imageTitle } from '../image-text.js';
import { storeMetrics, usageMetrics, writeMetrics } from '../metrics.js';
import type { Session, StartSession } from '../session.js';
import { renderFields, renderTable } from '../table.js';

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Show what the store holds, what deduplication and compression save, and what each image alone needs.',
    )
    .option('--metrics <file>', 'write metrics for the textfile collector of node_exporter to this file, too')
    .action((options: { readonly metrics?: string }) => start((session) => stats(session, options.metrics)));
}

async function stats(session: Session, metrics: string | undefined): Promise<ExitCode> {
  const store = await session.openStore();
  const result = await store.stats(await session.operation());
  if (metrics !== undefined) {
    const all = [...storeMetrics(await store.doctor()), ...usageMetrics(store.info.location, result)];
    await writeMetrics(metrics, all);
  }
  await session.print(
    { store: store.info, ...result },
    async () => describe(result) + (await imageTable(result)),
  );
  return EXIT.done;
}

function describe(stats: StoreStats): string {
  const { images, removedImages, packs, uniqueChunks } = stats;
  const removed = removedImages > 0 ? ` (and ${formatCount(removedImages)} removed)` : '';
  return renderFields([
    ['images', formatCount(images) + removed],
    ['size of all', formatBytes(stats.logicalBytes)],
    ['used', `${formatBytes(stats.usedBytes)} outside of holes`],
    ['unique', `${formatBytes(stats.uniqueBytes)} in ${countOf(uniqueChunks, 'chunk')}`],
    ['deduplication', `${stats.dedupRatio.toFixed(2)} : 1`],
    ['compression', `${stats.compressionRatio.toFixed(2)} : 1`],
    [
      'stored',
      `${formatBytes(stats.storedBytes)}, of this ${formatBytes(stats.packBytes)} in ${countOf(packs, 'pack')}`,
    ],
    ['not needed', `${formatBytes(stats.unreferencedBytes)} before compression: no live image needs it`],
    ['chunk index', formatBytes(stats.indexBytes)],
    ...healthFields(stats.health),
  ]);
}

async function imageTable(stats: StoreStats): Promise<string> {
  if (stats.perImage.length === 0) return '';
  const table = await renderTable(
    [
      { title: 'IMAGE' },
      { title: 'USED', align: 'right' },
      { title: 'ONLY ITS OWN', align: 'right' },
      { title: 'STORED', align: 'right' },
    ],
    stats.perImage.map(({ image, usage }) => [
      imageTitle(image),
      formatBytes(image.usedBytes),
      formatBytes(usage.exclusiveBytes),
      formatBytes(usage.exclusiveStoredBytes),
    ]),
  );
  return `\n${table}`;
}
