/**
 * Puts a folder's files onto a partition of a disk image: as an ext4 file system made by mke2fs, which needs neither root nor
 * a mount, or, where there is no mke2fs that can fill a file system, as a plain sequence of files on a grid of 4 KiB.
 */
import { execFile } from 'node:child_process';
import { open, readdir, readFile } from 'node:fs/promises';
import { delimiter, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { PartitionPlan } from './gpt-writer.js';

const BLOCK_BYTES = 4096;
/** Where distributions keep mke2fs; not in every user's PATH. */
const PATH = [process.env.PATH, '/usr/sbin', '/sbin', '/usr/local/sbin'].join(delimiter);
const execute = promisify(execFile);

export type FillPartition = (disk: string, partition: PartitionPlan, folder: string) => Promise<void>;

/** ext4 that differs between two disks only by what the folders differ in: the ids are the partition's. */
export const fillWithExt4: FillPartition = async (disk, { name, uuid, offset, size }, folder) => {
  const extended = `offset=${offset},root_owner=0:0,hash_seed=${uuid}`;
  const options = ['-t', 'ext4', '-b', String(BLOCK_BYTES), '-L', name, '-U', uuid, '-E', extended];
  await execute('mke2fs', ['-q', '-F', ...options, '-d', folder, disk, `${size / 1024}k`], {
    env: { ...process.env, PATH, LC_ALL: 'C' },
  });
};

export const fillWithFiles: FillPartition = async (disk, { name, offset, size }, folder) => {
  const listed = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = listed.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  await using image = await open(disk, 'r+');
  let position = offset;
  for (const file of files.sort()) {
    const bytes = await readFile(file);
    const head = Buffer.alloc(BLOCK_BYTES);
    head.write(JSON.stringify({ path: relative(folder, file), size: bytes.length }));
    const end = position + roundUp(head.length + bytes.length);
    if (end > offset + size) throw new Error(`Partition ${name} is too small for ${folder}`);
    await image.writev([head, bytes], position);
    position = end;
  }
};

function roundUp(byteCount: number): number {
  return Math.ceil(byteCount / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Why ext4 cannot be had here, or undefined. Tried for real: some mke2fs (busybox) know no -d. */
export async function whyNotExt4(disk: string, folder: string): Promise<string | undefined> {
  const size = 16 * 1024 * 1024;
  const uuid = '00000000-0000-4000-8000-000000000000';
  try {
    await fillWithExt4(disk, { name: 'probe', uuid, offset: 0, size }, folder);
    return undefined;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    return code === 'ENOENT' ? 'there is no mke2fs' : `mke2fs failed: ${stderr?.trim().split('\n')[0]}`;
  }
}
