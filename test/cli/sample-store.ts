/** A small store with three images: web:old, web:stable after it, and mail with the same bytes as the latter. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { doppel, temporaryFolder } from './run-doppel.js';

export interface SampleStore {
  readonly folder: string;
  readonly store: string;
  readonly disk: string;
  readonly bytes: Buffer;
}

const DISK_BYTES = 5 * 1024 ** 2 + 512;

export async function sampleStore(): Promise<SampleStore> {
  const folder = await temporaryFolder();
  const store = join(folder, 'store');
  const disk = join(folder, 'disk-file.img');
  const bytes = Buffer.alloc(DISK_BYTES);
  randomBytes(2 * 1024 ** 2).copy(bytes, 1024 ** 2);
  await writeFile(disk, bytes);
  const first = Buffer.from(bytes);
  randomBytes(4096).copy(first, 1024 ** 2 + 8192);
  const runs = [
    await doppel(['init', store]),
    await doppel(['--store', store, 'capture', '-', 'web:old', '--label', 'site=berlin'], { input: first }),
    await doppel(['--store', store, 'capture', disk, 'web:stable']),
    await doppel(['--store', store, 'capture', disk, 'mail']),
  ];
  for (const { code, stderr } of runs) if (code !== 0) throw new Error(stderr);
  return { folder, store, disk, bytes };
}

/** The one JSON document on standard output. */
export async function json<Shape>(
  t: ExecutionContext,
  words: readonly string[],
  expectedCode = 0,
): Promise<Shape> {
  const run = await doppel([...words, '--json']);
  t.is(run.code, expectedCode, run.stderr);
  return JSON.parse(run.stdout) as Shape;
}
