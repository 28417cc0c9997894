/**
 * restic at its best for this work, with what its version knows. All versions: repository format 2, which compresses, and no
 * cache, which a local repository has no use for. `--force` reads an image again that it has already seen, as a disk has to be
 * read. To restore, `restore` was faster than `dump`, and four backend connections than two; to back up, they changed nothing.
 * It cannot do without encryption.
 *
 * 0.14 (Debian 12) writes zeros instead of holes and cannot update a file. Of the options that came later those are given
 * that made it faster: the fastest compression (2.5 % larger), no second check of what is about to be written (which 0.14 does
 * not do, nor do the others), no scan for the sake of progress, and holes when restoring. Packs of 64 MiB were slower.
 *
 * Snapshots are dropped and their space given back by one command, down to the last byte (`--max-unused 0`): by default 5 % of
 * the repository may stay unused. Which snapshots they are is looked up before, and not measured.
 */
import { basename, dirname, join } from 'node:path';
import { output } from '../measure.js';
import type { InPlace, Restore, SourceImage, Tool, ToolFamily } from '../tool.js';
import { isAtLeast, type Version } from '../version.js';

/** What a version knows. */
interface Abilities {
  /** Options of every command. */
  readonly common: readonly string[];
  readonly backup: readonly string[];
  readonly restore: readonly string[];
  /** Options that update a file; undefined before 0.17. */
  readonly update?: readonly string[];
  readonly settings: string;
}

function abilitiesOf(version: Version): Abilities {
  const since = (least: Version, ...options: string[]) => (isAtLeast(version, least) ? options : []);
  const sparse = since([0, 15], '--sparse');
  const common = [...since([0, 17], '--no-extra-verify'), ...since([0, 18], '--compression', 'fastest')];
  const told = [
    isAtLeast(version, [0, 18]) ? 'compression fastest' : 'compression auto',
    ...since([0, 17], 'no second check before writing'),
    'no cache',
    `4 connections to restore${sparse.length > 0 ? ', sparse' : ''}`,
  ];
  return {
    common,
    backup: since([0, 15], '--no-scan'),
    restore: sparse,
    ...(isAtLeast(version, [0, 17]) ? { update: [...sparse, '--overwrite', 'if-changed'] } : {}),
    settings: `format 2, ${told.join(', ')}`,
  };
}

export const RESTIC: ToolFamily = {
  name: 'restic',
  program: 'restic',
  version: (program) => ({ program, args: ['version'] }),
  open: async (program, version) => [(folder) => openRestic(program, folder, abilitiesOf(version))],
};

function openRestic(program: string, folder: string, abilities: Abilities): Tool {
  const storeFolder = join(folder, 'repository');
  const env = { RESTIC_PASSWORD: 'bench', RESTIC_REPOSITORY: storeFolder };
  const restic = (...args: string[]) => ({
    program,
    args: ['--quiet', '--no-cache', ...abilities.common, ...args],
    env,
  });
  const restore =
    (options: readonly string[]) =>
    (image: SourceImage, name: string, target: string): Restore => ({
      command: restic(
        ...['-o', 'local.connections=4', 'restore', 'latest', '--tag', name, '--target', target],
        ...options,
      ),
      file: join(target, basename(image.path)),
    });
  const inPlace: InPlace =
    abilities.update === undefined
      ? { whyNot: 'restore --overwrite came with restic 0.17' }
      : { update: restore(abilities.update) };
  return {
    name: 'restic',
    settings: abilities.settings,
    init: [restic('init', '--repository-version', '2')],
    storeFolder,
    capture: (image, name) => ({
      ...restic('backup', '--force', ...abilities.backup, '--tag', name, basename(image.path)),
      cwd: dirname(image.path),
    }),
    restore: restore(abilities.restore),
    inPlace,
    verify: () => [restic('check', '--read-data')],
    reclaim: {
      commands: async (dropped) => {
        const list = restic('snapshots', '--json', ...dropped.flatMap((name) => ['--tag', name]));
        const found = JSON.parse(await output(list)) as { readonly id: string }[];
        return [restic('forget', ...found.map(({ id }) => id), '--prune', '--max-unused', '0')];
      },
    },
  };
}
