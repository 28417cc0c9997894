/**
 * Floors of work on the bytes that a capture of an image finds new (its data, each chunk once), without the image's holes:
 * what they alone cost to hash, compress, decompress and write. On one thread, as stages are timed, since two threads that
 * share a core both get slower; `zstd` with two as well, which is what a user would type.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measure } from '../measure.js';
import { type Floor, installedFloors } from './floor.js';

/** None of the programs needs more of its own. */
const MEMORY_BYTES = 2 ** 28;

/** @param path a file of the new bytes; its compressed form is put beside it, where there is a zstd */
export async function newBytesFloors(path: string, say: (line: string) => void): Promise<readonly Floor[]> {
  const { size } = await stat(path);
  const common = { dataBytes: size, memoryBytes: MEMORY_BYTES };
  const reading = (name: string, file: string, program: string, ...args: string[]): Floor => ({
    ...common,
    name,
    files: [file],
    command: () => ({ program, args: [...args, file] }),
  });
  const writing = (name: string, file: string): Floor => ({
    ...common,
    name,
    files: [file],
    memoryBytes: size + MEMORY_BYTES,
    command: (folder) => ({
      program: 'dd',
      args: [`if=${file}`, `of=${join(folder, 'copy')}`, 'bs=128K', 'status=none'],
    }),
  });
  const floors = await installedFloors(
    [
      reading('b3sum, 1 thread, new bytes', path, 'b3sum', '--num-threads', '1'),
      writing('dd, new bytes', path),
      reading('zstd -3, 1 thread, new bytes', path, 'zstd', '-3', '--single-thread', '--quiet', '--stdout'),
      reading('zstd -3 -T2, new bytes', path, 'zstd', '-3', '-T2', '--quiet', '--stdout'),
    ],
    say,
  );
  if (!floors.some(({ name }) => name.startsWith('zstd'))) return floors;
  const compressed = `${path}.zst`;
  await measure({ program: 'zstd', args: ['-3', '-T2', '--quiet', path, '-o', compressed] });
  return [
    ...floors,
    reading('zstd -d, new bytes', compressed, 'zstd', '-d', '--quiet', '--stdout'),
    reading('cat, compressed', compressed, 'cat'),
    writing('dd, compressed', compressed),
  ];
}
