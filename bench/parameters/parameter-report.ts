/** Parameter tables as Markdown. */
import { fixed, markdownTable } from '../markdown-table.js';
import type { CompressionFigures } from './compression-trial.js';
import type { StorageFigures } from './storage-trial.js';
import type { CompressionTable, StorageTable } from './trials.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export function compressionTable(table: CompressionTable, rows: readonly CompressionFigures[]): string {
  const head = [
    table,
    'plain MiB',
    'stored MiB',
    'compress CPU s/GiB',
    'decompress CPU s/GiB',
    'random read, CPU ms',
  ];
  return markdownTable(
    head,
    rows.map(({ name, plainBytes, storedBytes, compressSeconds, decompressSeconds, readSeconds }) => [
      name,
      fixed(plainBytes / MIB, 0),
      fixed(storedBytes / MIB, 1),
      fixed(compressSeconds / (plainBytes / GIB), 2),
      fixed(decompressSeconds / (plainBytes / GIB), 2),
      fixed(1000 * readSeconds, 2),
    ]),
  );
}

const STORAGE_TITLES: Readonly<Record<StorageTable, string>> = {
  chunk: 'average chunk',
  segment: 'segment',
  hole: 'smallest hole',
};

export function storageTable(table: StorageTable, rows: readonly StorageFigures[]): string {
  const head = [
    STORAGE_TITLES[table],
    'data MiB',
    'unique MiB',
    'stored MiB',
    'chunks',
    'unique chunks',
    'unique recipes',
    'recipe KiB',
    'recipes and ids MiB',
    'sum MiB',
  ];
  return markdownTable(
    head,
    rows.map((row) => [
      row.name,
      fixed(row.dataBytes / MIB, 1),
      fixed(row.uniqueBytes / MIB, 1),
      fixed(row.storedBytes / MIB, 1),
      String(row.chunks),
      String(row.uniqueChunks),
      String(row.uniqueRecipes),
      fixed(row.recipeBytes / 1024, 1),
      fixed(row.recipesAndIdsBytes / MIB, 1),
      fixed(row.sumBytes / MIB, 1),
    ]),
  );
}
