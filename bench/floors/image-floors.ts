/** Floors of work on an image: to read it, to hash it, to compress it, to write it anew with its holes. */
import { join } from 'node:path';
import type { SourceImage } from '../tool.js';
import type { Floor } from './floor.js';

/** None of them needs more of its own. */
const MEMORY_BYTES = 2 ** 28;

export function imageFloors(image: SourceImage): readonly Floor[] {
  const common = { files: [image.path], dataBytes: image.dataBytes, memoryBytes: MEMORY_BYTES };
  const reading = (name: string, program: string, ...args: string[]): Floor => ({
    ...common,
    name,
    command: () => ({ program, args: [...args, image.path] }), // standard output goes nowhere
  });
  return [
    reading('cat', 'cat'),
    reading('b3sum, 2 threads', 'b3sum', '--num-threads', '2'),
    reading('zstd -3 -T2', 'zstd', '-3', '-T2', '--quiet', '--stdout'),
    {
      ...common,
      name: 'cp, holes kept',
      memoryBytes: image.sizeBytes + MEMORY_BYTES,
      command: (folder) => ({
        program: 'cp',
        args: ['--sparse=always', '--reflink=never', image.path, join(folder, 'copy.raw')],
      }),
    },
  ];
}
