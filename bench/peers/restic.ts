/**
 * restic as Debian 12 has it (0.14), at its best for this work: repository format 2, which compresses (zstd, at its fastest
 * level), and no cache, which a local repository has no use for. `--force` reads an image again that it has already seen, as a
 * disk has to be read. To restore, `restore` was faster than `dump`, and four backend connections than two; to back up, they
 * changed nothing. It cannot do without encryption, and this version writes zeros instead of holes.
 */
import { basename, dirname, join } from 'node:path';
import type { OpenTool } from '../tool.js';

export const openRestic: OpenTool = (folder) => {
  const storeFolder = join(folder, 'repository');
  const env = { RESTIC_PASSWORD: 'bench', RESTIC_REPOSITORY: storeFolder };
  const restic = (...args: string[]) => ({
    program: 'restic',
    args: ['--quiet', '--no-cache', ...args],
    env,
  });
  return {
    name: 'restic',
    settings: 'format 2, compression auto, no cache, 4 connections to restore',
    version: { program: 'restic', args: ['version'] },
    init: [restic('init', '--repository-version', '2')],
    storeFolder,
    capture: (image, name) => ({
      ...restic('backup', '--force', '--tag', name, basename(image.path)),
      cwd: dirname(image.path),
    }),
    restore: (image, name, target) => ({
      command: restic('-o', 'local.connections=4', 'restore', 'latest', '--tag', name, '--target', target),
      file: join(target, basename(image.path)),
    }),
    verify: () => [restic('check', '--read-data')],
  };
};
