/** LevelDB as the index uses it: what its options cost, and how it is brought to rest. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Level } from 'level';

/** LevelDB's own, of which `level` names only the part that all its databases share. */
export interface LevelRows extends Level<Buffer, Buffer> {
  compactRange(start: Buffer, end: Buffer): Promise<void>;
  getProperty(property: string): string;
}

/**
 * Rows are random bytes, so LevelDB's compression finds nothing. Table files of 4 MiB: a merge that is cut off when
 * the process ends leaves little behind, and a copy of 20 million rows by links is still only 130 of them.
 */
const OPTIONS = {
  keyEncoding: 'buffer',
  valueEncoding: 'buffer',
  compression: false,
  cacheSize: 16 * 1024 * 1024,
  writeBufferSize: 8 * 1024 * 1024,
  maxFileSize: 4 * 1024 * 1024,
} as const;

/** LevelDB merges this many unsorted tables into the sorted ones. */
const MERGED_TABLES = 4;
const MERGE_WAIT_MS = 1000;

/** A range that holds no row. */
const NOTHING = [Buffer.from([0xff]), Buffer.from([0xff, 0xff])] as const;

export async function openLevel(folder: string): Promise<LevelRows> {
  const { Level } = await import('level');
  const level = new Level<Buffer, Buffer>(folder, OPTIONS) as LevelRows;
  await level.open();
  return level;
}

/**
 * Makes tables of the rows in the log, which otherwise lies about until somebody opens the database again, and gives a
 * merge that is due a moment: one that is cut off leaves its unfinished tables behind. Costs what is new, not
 * what is there: compacting a range without rows flushes the log and merges nothing.
 */
export async function waitForTables(level: LevelRows): Promise<void> {
  const deadline = performance.now() + MERGE_WAIT_MS;
  do {
    await level.compactRange(...NOTHING);
    if (Number(level.getProperty('leveldb.num-files-at-level0')) < MERGED_TABLES) return;
    await delay(5);
  } while (performance.now() < deadline);
}
