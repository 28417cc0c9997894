/**
 * What the tests of this folder share: disks in temporary files, the tools that write to them, and blkid as the oracle. The
 * product itself runs none of these tools.
 */

import { execFile } from 'node:child_process';
import { access, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import * as v from 'valibot';
import {
  type ByteReader,
  type DiskLayout,
  type FileSystem,
  readDiskLayout,
} from '../../src/disk-layout/index.js';
import { DiskLayoutSchema } from '../../store-format/disk-layout.js';

export const MIB = 1024 * 1024;
const TOOL_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', ...(process.env.PATH ?? '').split(delimiter)];
const ENVIRONMENT = { ...process.env, PATH: TOOL_FOLDERS.join(delimiter), LC_ALL: 'C.UTF-8' };
const execute = promisify(execFile);

/** False, and said loudly, if a tool is missing: then the test cannot run here, which fails it in CI. */
export async function hasTools(t: ExecutionContext, ...tools: readonly string[]): Promise<boolean> {
  const missing: string[] = [];
  for (const tool of tools) if (!(await isInstalled(tool))) missing.push(tool);
  if (missing.length === 0) return true;
  cannotRun(t, `${missing.join(', ')} not installed`);
  return false;
}

export function cannotRun(t: ExecutionContext, reason: string): void {
  t.log(`NOT TESTED: ${reason}`);
  if (process.env.CI) t.fail(`Cannot run in CI: ${reason}`);
  else t.pass();
}

async function isInstalled(tool: string): Promise<boolean> {
  const found = TOOL_FOLDERS.map((folder) =>
    access(join(folder, tool)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}

export async function run(tool: string, args: readonly string[], input = ''): Promise<string> {
  const running = execute(tool, args, { env: ENVIRONMENT, maxBuffer: 16 * MIB });
  running.child.stdin?.on('error', () => {}); // a tool need not read it
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** A folder that goes away with the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'disk-layout-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A sparse disk of zeros. */
export async function createDisk(t: ExecutionContext, size: number, name = 'disk.raw'): Promise<string> {
  const path = join(await temporaryFolder(t), name);
  const file = await open(path, 'w');
  await file.truncate(size);
  await file.close();
  return path;
}

/** Writes `bytes` at `offset` of a disk. */
export async function patch(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
}

export async function copyInto(path: string, offset: number, source: string): Promise<void> {
  await run('dd', [
    `if=${source}`,
    `of=${path}`,
    'bs=1M',
    `seek=${offset}`,
    'oflag=seek_bytes',
    'conv=notrunc,sparse',
  ]);
}

/** Reads the layout of a file, and holds it against the schema of the store. */
export async function layoutOf(path: string): Promise<DiskLayout> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await checkedLayout({
      size,
      async read(offset, length) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      },
    });
  } finally {
    await file.close();
  }
}

export async function checkedLayout(reader: ByteReader): Promise<DiskLayout> {
  const layout = await readDiskLayout(reader);
  return v.parse(DiskLayoutSchema, layout);
}

export function readerOf(bytes: Buffer): ByteReader {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** What `blkid -p` says of a file, or of a part of it. */
export async function blkid(path: string, offset = 0, size?: number): Promise<ReadonlyMap<string, string>> {
  const part = size === undefined ? [] : ['--offset', String(offset), '--size', String(size)];
  const ask = (...output: string[]) =>
    run('blkid', ['-p', ...output, ...part, path]).catch((error) => {
      if (error.code === 2) return ''; // nothing found
      throw error;
    });
  const lines = (await ask('-o', 'export')).split('\n').filter((line) => line.includes('='));
  const said = new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  // The export form escapes for the shell, and the letters outside ASCII; the value alone is printed as it is.
  if (said.has('LABEL')) said.set('LABEL', (await ask('-o', 'value', '-s', 'LABEL')).replace(/\n$/, ''));
  return said;
}

/** The file system as blkid sees it, in our words; without its size, which blkid does not tell. */
export async function blkidFileSystem(
  path: string,
  offset?: number,
  size?: number,
): Promise<FileSystem | undefined> {
  const said = await blkid(path, offset, size);
  const [type, uuid, label] = [said.get('TYPE'), said.get('UUID'), said.get('LABEL')];
  return type === undefined
    ? undefined
    : { type, ...(uuid !== undefined && { uuid }), ...(label !== undefined && { label }) };
}

export function withoutSize(fileSystem: FileSystem | undefined): FileSystem | undefined {
  if (!fileSystem) return undefined;
  const { size: _size, ...rest } = fileSystem;
  return rest;
}
