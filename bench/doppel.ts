/** doppel itself, by the built command. */
import { join } from 'node:path';
import { output } from './measure.js';
import type { Command, InPlace, OpenTool, Reclaim, ToolFamily } from './tool.js';

/**
 * @param main path of `dist/cli/main.js`, of this build or another
 * @param withKeys also a second store, which has keys
 */
export function doppelFamily(main: string, withKeys = false): ToolFamily {
  return {
    name: 'doppel',
    program: main,
    version: (program) => ({ program: process.execPath, args: [program, '--version'] }),
    open: async (program) => {
      const inPlace = await knows(program, '--in-place', 'restore', '--help');
      const knowsVerb = (verb: string) => knows(program, `  ${verb} `, '--help');
      const abilities = { inPlace, gc: await knowsVerb('gc'), scrub: await knowsVerb('scrub') };
      const open = openDoppel(program, abilities);
      return withKeys ? [open, openDoppel(program, { ...abilities, keys: true })] : [open];
    },
  };
}

/** Asked, not concluded from the version: builds between two releases have the same one. */
async function knows(program: string, what: string, ...words: string[]): Promise<boolean> {
  return (await output({ program: process.execPath, args: [program, ...words] })).includes(what);
}

/** What the program knows. */
interface Abilities {
  readonly inPlace: boolean;
  readonly gc: boolean;
  readonly scrub: boolean;
  /** Whether its store has keys; a key file opens it, which costs no time. */
  readonly keys?: boolean;
}

export function openDoppel(
  program: string,
  { inPlace: canUpdate, gc: canCollect, scrub: canScrub, keys = false }: Abilities = {
    inPlace: false,
    gc: false,
    scrub: false,
  },
): OpenTool {
  return (folder) => {
    const storeFolder = join(folder, 'store');
    const cache = join(folder, 'cache');
    const keyWords = keys ? ['--key-file', join(folder, 'key')] : [];
    const doppel = (...words: string[]): Command => ({
      program: process.execPath,
      args: [program, '--store', storeFolder, '--quiet', ...keyWords, ...words],
      env: { XDG_CACHE_HOME: cache, XDG_STATE_HOME: join(folder, 'state') },
    });
    const inPlace: InPlace = canUpdate
      ? {
          update: (_image, name, target) => {
            const file = join(target, 'restored.raw');
            return { command: doppel('restore', '--in-place', name, file), file };
          },
        }
      : { whyNot: 'this build has no restore --in-place' };
    const reclaim: Reclaim = canCollect
      ? {
          commands: async (dropped) => [
            ...dropped.map((name) => doppel('rm', name)),
            doppel('gc', '--grace', '0'),
          ],
        }
      : { whyNot: 'this build has no gc' };
    return {
      name: keys ? 'doppel with keys' : 'doppel',
      settings: `as it comes${keys ? ' with --encrypt' : ''}: chunks of 16 KiB, zstd level 2, frames of 2 MiB`,
      init: [keys ? doppel('init', '--encrypt') : doppel('init')],
      storeFolder,
      indexFolder: keys ? cache : join(storeFolder, 'index'),
      capture: (image, name) => doppel('capture', image.path, name),
      restore: (_image, name, target) => {
        const file = join(target, 'restored.raw');
        return { command: doppel('restore', name, file), file };
      },
      inPlace,
      verify: () => [doppel('verify', '--all')],
      ...(canScrub && { scrub: [doppel('scrub')] }),
      reclaim,
    };
  };
}
