/**
 * `npm run bench:parameters`: what other levels, frames, chunks, segments and holes would do to a store of these images, by
 * doppel's own cutting, hashing and compressing, without a store.
 *
 *   [1] images   [2] one reading of all regions, through the trials of all tables   [3] tables, JSON
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkerParameters } from '../store-format/index.js';
import { describeMachine, describeRun } from './machine.js';
import { ChunkBatches } from './parameters/chunk-batches.js';
import { type CompressionFigures, CompressionTrial } from './parameters/compression-trial.js';
import { type ParametersOptions, parseOptions, type Table, USAGE } from './parameters/options.js';
import { compressionTable, storageTable } from './parameters/parameter-report.js';
import { type Region, readRegions } from './parameters/regions.js';
import { type StorageFigures, StorageTrial } from './parameters/storage-trial.js';
import {
  COMPRESSION_TRIALS,
  type CompressionTable,
  type StorageTable,
  storageTrials,
} from './parameters/trials.js';
import { runProgram, say } from './run-program.js';
import { makeScratch } from './scratch.js';
import { createStageStore } from './stages/stage-store.js';
import { openImages } from './workloads/corpus.js';

/** The trials of one table, fed with all regions. */
interface TableRun {
  readonly table: Table;
  add(region: Region): Promise<void>;
  finish(): Promise<TableResult>;
}

interface TableResult {
  readonly table: Table;
  readonly rows: readonly (CompressionFigures | StorageFigures)[];
  readonly markdown: string;
}

function compressionRun(table: CompressionTable, chunker: ChunkerParameters, scratch: string): TableRun {
  const trials = COMPRESSION_TRIALS[table].map(
    (settings) => new CompressionTrial(settings, join(scratch, 'frames')),
  );
  const batches = new ChunkBatches(chunker, async (batch) => {
    for (const trial of trials) await trial.add(batch);
  });
  return {
    table,
    add: (region) => batches.add(region),
    finish: async () => {
      await batches.flush();
      const rows = trials.map((trial) => trial.finish());
      return { table, rows, markdown: compressionTable(table, rows) };
    },
  };
}

function storageRun(table: StorageTable, chunker: ChunkerParameters): TableRun {
  const trials = storageTrials(table, chunker).map((settings) => new StorageTrial(settings));
  return {
    table,
    add: async (region) => {
      for (const trial of trials) trial.add(region);
    },
    finish: async () => {
      const rows = trials.map((trial) => trial.finish());
      return { table, rows, markdown: storageTable(table, rows) };
    },
  };
}

async function benchParameters(options: ParametersOptions, scratch: string): Promise<void> {
  say('Preparing the images ...'); // [1]
  const images = await openImages(options, scratch);
  const store = await createStageStore(join(scratch, 'store')); // its config has doppel's defaults
  await store.close();
  const { chunker } = store;

  const runs = [...options.tables].map((table) =>
    table === 'level' || table === 'frame'
      ? compressionRun(table, chunker, scratch)
      : storageRun(table, chunker),
  );
  let sampledBytes = 0; // [2]
  for await (const region of readRegions(images, options.sample)) {
    sampledBytes += region.bytes.length;
    for (const run of runs) await run.add(region);
    say(`${region.image}: to ${Math.round((region.offset + region.bytes.length) / 2 ** 20)} MiB`);
  }

  const machine = await describeMachine(new Date()); // [3]
  const results: TableResult[] = [];
  for (const run of runs) results.push(await run.finish());
  const share = options.sample === 1 ? 'all' : `a share of ${options.sample}`;
  const how = `${share} of ${images.map(({ name }) => name).join(', ')}, one pass`;
  console.log([describeRun(machine, how), ...results.map(({ markdown }) => markdown)].join('\n\n'));
  if (options.json === undefined) return;
  const tables = results.map(({ table, rows }) => ({ table, rows }));
  const document = { machine, images, sample: options.sample, sampledBytes, tables };
  await writeFile(options.json, `${JSON.stringify(document, undefined, 2)}\n`);
}

await runProgram(USAGE, async () => {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return 'help';
  await benchParameters(options, await makeScratch(options.scratch, 'doppel-parameters-'));
  return 'done';
});
