/**
 * Puts the machine into the same state before each timed step, whichever tool's it is: sources and store in the page cache,
 * nothing waiting to be written, and enough free memory that has been touched just now.
 *
 * The last matters on virtual machines that hand freed memory back to their host: the first touch of each page then costs up to
 * 2 s per GiB, which would be charged to whichever tool comes first. See README.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const MIB = 1024 * 1024;
/** Left alone, so that touching memory pushes nothing out of the page cache. */
const SPARE_BYTES = 512 * MIB;
const READ_BUFFER = Buffer.allocUnsafe(4 * MIB);
const TOUCH = `for (let left = Number(process.argv[1]); left > 0; left--) (globalThis.kept ??= []).push(Buffer.alloc(2 ** 20, 1));`;

export interface Needs {
  /** Files that the step reads. */
  readonly files: readonly string[];
  /** Memory that the step may use: its own, and page cache for what it writes. */
  readonly memoryBytes: number;
}

export async function warmUp({ files, memoryBytes }: Needs): Promise<void> {
  for (const file of files) readThrough(file);
  await sync();
  const free = (await freeBytes()) - SPARE_BYTES;
  const mebibytes = Math.floor(Math.min(memoryBytes, free) / MIB);
  if (mebibytes > 0) await run(process.execPath, ['-e', TOUCH, String(mebibytes)]);
}

/** Waits until all that was written is on disk. */
export async function sync(): Promise<void> {
  await run('sync', []);
}

/** Synchronous: a store may be a hundred thousand small files, and nothing else runs meanwhile. */
function readThrough(file: string): void {
  const descriptor = openSync(file, 'r');
  while (readSync(descriptor, READ_BUFFER, 0, READ_BUFFER.length, null) > 0);
  closeSync(descriptor);
}

/** MemFree, not MemAvailable: what the page cache holds has been touched. */
async function freeBytes(): Promise<number> {
  const meminfo = await readFile('/proc/meminfo', 'utf8');
  return Number(/^MemFree:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const [exitCode] = await once(spawn(program, args, { stdio: 'ignore' }), 'close');
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}`);
}
