/**
 * borg as Debian 12 has it (1.2), without encryption and with doppel's zstd level. Twice: with its own chunker, whose chunks
 * of 2 MiB are its default and its fastest, and with fixed chunks of 64 KiB, which can skip holes when reading. The files cache
 * is off, so that an image that it has already seen is read again, as a disk has to be read. Space is given back down to the last
 * byte (`--threshold 0`): by default a segment with less than 10 % to free stays.
 */
import { basename, dirname, join } from 'node:path';
import type { OpenTool, ToolFamily } from '../tool.js';

interface Chunking {
  readonly name: string;
  readonly settings: string;
  readonly options: readonly string[];
}

function openBorg(program: string, { name, settings, options }: Chunking): OpenTool {
  return (folder) => {
    const storeFolder = join(folder, 'repository');
    const env = { BORG_BASE_DIR: join(folder, 'home'), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' };
    const borg = (...args: string[]) => ({ program, args, env });
    const create = ['create', '--compression', 'zstd,3', '--files-cache', 'disabled', ...options];
    return {
      name,
      settings: `no encryption, zstd level 3, ${settings}`,
      init: [borg('init', '--encryption', 'none', storeFolder)],
      storeFolder,
      capture: (image, archive) => ({
        ...borg(...create, `${storeFolder}::${archive}`, basename(image.path)),
        cwd: dirname(image.path),
      }),
      restore: (image, archive, target) => ({
        command: { ...borg('extract', '--sparse', `${storeFolder}::${archive}`), cwd: target },
        file: join(target, basename(image.path)),
      }),
      inPlace: { whyNot: 'borg extract writes files anew' },
      verify: () => [borg('check', '--verify-data', storeFolder)],
      reclaim: {
        commands: async (dropped) => [
          borg('delete', storeFolder, ...dropped),
          borg('compact', '--threshold', '0', storeFolder),
        ],
      },
    };
  };
}

const CHUNKINGS: readonly Chunking[] = [
  {
    name: 'borg',
    settings: 'chunks of 2 MiB',
    options: ['--chunker-params', 'buzhash,19,23,21,4095'],
  },
  {
    name: 'borg 64K',
    settings: 'fixed chunks of 64 KiB, holes skipped',
    options: ['--chunker-params', 'fixed,65536', '--sparse'],
  },
];

export const BORG: ToolFamily = {
  name: 'borg',
  program: 'borg',
  version: (program) => ({ program, args: ['--version'] }),
  open: async (program) => CHUNKINGS.map((chunking) => openBorg(program, chunking)),
};
