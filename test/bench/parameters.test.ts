/** Parameter tables hold together: rows with doppel's own parameters agree, and figures add up. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { CompressionFigures } from '../../bench/parameters/compression-trial.js';
import { SegmentScanner } from '../../bench/parameters/segment-scanner.js';
import type { StorageFigures } from '../../bench/parameters/storage-trial.js';
import { cutSegment } from '../../bench/segments/cut-segment.js';
import { createCutter } from '../../src/chunking/cut.js';
import { createChunker, scanSegment } from '../../src/chunking/scan-segment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { type ChunkerParameters, KIB, SEGMENT_BYTES, toHex } from '../../store-format/index.js';
import { leftBehind, runBench } from './run-bench.js';

const CHUNKER: ChunkerParameters = {
  algorithm: 'fastcdc',
  minBytes: 4 * KIB,
  averageBytes: 16 * KIB,
  maxBytes: 64 * KIB,
  holeBlocks: 1,
  gearSeed: '0'.repeat(64),
};

interface Document {
  readonly sampledBytes: number;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: readonly (CompressionFigures & StorageFigures)[];
  }[];
}

test('all tables of small images', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-parameters-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, 'results.json');
  const { stdout } = await runBench('parameters', {
    args: ['--size', '8', '--sample', '0.5', '--json', json],
    temporaryFolder: folder,
  });
  t.regex(stdout, /^\| smallest hole +\|/m);
  t.deepEqual(await leftBehind(folder), []);

  const { sampledBytes, tables } = JSON.parse(await readFile(json, 'utf8')) as Document;
  t.is(sampledBytes, 3 * 8 * 2 ** 20); // one region each
  t.deepEqual(
    tables.map(({ table }) => table),
    ['level', 'frame', 'chunk', 'segment', 'hole'],
  );
  const row = (table: string, name: string) =>
    tables.find((one) => one.table === table)!.rows.find((one) => one.name === name)!;
  t.true(row('level', 'level 9').storedBytes < row('level', 'level 1').storedBytes);
  t.is(row('level', 'level 3').storedBytes, row('frame', '1 MiB').storedBytes);
  t.is(row('level', 'level 3').plainBytes, row('chunk', '16 KiB').uniqueBytes);
  const { name: _chunk, ...own } = row('chunk', '16 KiB');
  for (const [table, name] of [
    ['segment', '1 MiB'],
    ['hole', '1 block'],
  ] as const) {
    const { name: _name, ...same } = row(table, name);
    t.deepEqual(same, own);
  }
  t.is(own.sumBytes, own.storedBytes + own.recipesAndIdsBytes);
  t.true(row('hole', '16 blocks').dataBytes >= own.dataBytes);
});

test('a scanned segment is what doppel makes of it', (t) => {
  const segment = Buffer.concat([randomBytes(300_000), Buffer.alloc(SEGMENT_BYTES - 300_000)]);
  randomBytes(500).copy(segment, 700_000);
  const own = scanSegment(segment, createChunker(CHUNKER, blake3));
  const { recipe, chunks, news } = new SegmentScanner(CHUNKER).scan(segment);
  t.is(toHex(recipe.id), toHex(own.recipe.id));
  t.is(news.length, chunks);
});

test('a long segment is cut where each chunk by itself would end', (t) => {
  const segment = randomBytes(3 * SEGMENT_BYTES + 12_345);
  const cutter = createCutter(CHUNKER);
  const { offsets, lengths } = cutSegment(segment, [], cutter, CHUNKER.maxBytes);
  let position = 0;
  for (const [i, offset] of offsets.entries()) {
    t.is(offset, position);
    cutter.load(segment.subarray(offset, offset + CHUNKER.maxBytes));
    t.is(lengths[i], cutter.cut(0, Math.min(CHUNKER.maxBytes, segment.length - offset)));
    position += lengths[i]!;
  }
  t.is(position, segment.length);
});
