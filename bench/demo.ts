/**
 * `npm run demo`: the main job on two similar disks that it makes, through the built command, as a user would type it.
 *
 *   [1] make two disks   [2] init, capture both   [3] diff: what they share   [4] restore the second in parallel
 *   [5] compare byte for byte   [6] a table
 *
 * Works in a temporary folder that goes away in any case. Exits with 1 if a step fails or a byte differs.
 */
import { spawn } from 'node:child_process';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import type { CaptureResult, DiffResult, RestoreResult } from '../src/index.js';
import { firstDifference } from './compare-files.js';
import { makeDisks } from './demo/make-disks.js';
import { makeScratch } from './scratch.js';

const PROGRAM = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

type Row = readonly [step: string, seconds: number, result: string];

/** Runs one command in `folder`, whose default store is used; throws what it says on failure. */
async function doppel<Result>(folder: string, ...words: string[]): Promise<Result> {
  const { DOPPEL_STORE: _store, ...env } = process.env;
  console.log(`$ doppel ${words.join(' ')}`);
  const child = spawn(process.execPath, [PROGRAM, ...words, '--json', '--quiet'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () => child.kill();
  process.prependListener('exit', stop);
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  );
  const [document, exitCode] = await Promise.all([text(child.stdout), ended]);
  process.off('exit', stop);
  if (exitCode !== 0) throw new Error(`doppel ${words[0]} ended with ${exitCode}: ${document}`);
  return JSON.parse(document) as Result;
}

async function timed<Result>(work: Promise<Result>): Promise<readonly [Result, number]> {
  const start = performance.now();
  const result = await work;
  return [result, (performance.now() - start) / 1000];
}

function mib(byteCount: number): string {
  return `${(byteCount / 2 ** 20).toFixed(1)} MiB`;
}

function captureRow(name: string, result: CaptureResult, seconds: number): Row {
  const { size, zeroBytes, newBytes, storedBytes } = result;
  const told = `${mib(size - zeroBytes)} of data, ${mib(newBytes)} new, stored as ${mib(storedBytes)}`;
  return [`capture ${name}`, seconds, told];
}

async function demo(folder: string): Promise<readonly Row[]> {
  console.log('Making two disks ...'); // [1]
  const [disks, madeIn] = await timed(makeDisks(folder));
  if (disks.whyNotExt4 !== undefined) console.log(`NO REAL FILE SYSTEMS: ${disks.whyNotExt4}`);
  const content = disks.whyNotExt4 === undefined ? 'ext4 on two partitions' : 'files on two partitions';
  const made: Row = ['make two disks', madeIn, `${mib(disks.diskBytes)} each, GPT, ${content}`];

  await doppel(folder, 'init'); // [2]
  const [golden, goldenIn] = await timed(doppel<CaptureResult>(folder, 'capture', 'golden.img', 'golden'));
  const [web, webIn] = await timed(doppel<CaptureResult>(folder, 'capture', 'web01.img', 'web01'));

  const [diff, diffIn] = await timed(doppel<DiffResult>(folder, 'diff', 'golden', 'web01')); // [3]
  const shared = `${mib(diff.sharedBytes)} in both, ${mib(diff.onlyABytes)} and ${mib(diff.onlyBBytes)} in one alone`;

  const threads = String(Math.max(2, availableParallelism())); // [4]
  const [restored, restoredIn] = await timed(
    doppel<RestoreResult>(folder, 'restore', 'web01', 'restored.img', '--threads', threads),
  );

  const [difference, comparedIn] = await timed(firstDifference(disks.second, join(folder, 'restored.img'))); // [5]
  if (difference !== undefined) throw new Error(`The restored disk differs from byte ${difference} on`);
  return [
    made,
    captureRow('golden', golden, goldenIn),
    captureRow('web01', web, webIn),
    ['diff', diffIn, shared],
    ['restore web01', restoredIn, `${mib(restored.writtenBytes)} written by ${threads} threads`],
    ['compare', comparedIn, `${mib(disks.diskBytes)}: equal byte for byte`],
  ];
}

function print(rows: readonly Row[]): void {
  const table = new Table({ head: ['STEP', 'SECONDS', 'RESULT'], style: { head: [], border: [] } });
  table.push(
    ...rows.map(([step, seconds, result]) => [
      step,
      { content: seconds.toFixed(1), hAlign: 'right' as const },
      result,
    ]),
  );
  console.log(`\n${table.toString()}`); // [6]
}

const folder = await makeScratch(tmpdir(), 'doppel-demo-');
try {
  print(await demo(folder));
} catch (error) {
  console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
