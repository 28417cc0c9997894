/** doppel itself, by the built command. */
import { join } from 'node:path';
import { output } from './measure.js';
import type { InPlace, OpenTool, ToolFamily } from './tool.js';

/** @param main path of `dist/cli/main.js`, of this build or another */
export function doppelFamily(main: string): ToolFamily {
  return {
    name: 'doppel',
    program: main,
    version: (program) => ({ program: process.execPath, args: [program, '--version'] }),
    open: async (program) => {
      return [openDoppel(program, { inPlace: await knowsInPlace(program) })];
    },
  };
}

/** Asked, not concluded from the version: builds between two releases have the same one. */
async function knowsInPlace(program: string): Promise<boolean> {
  const help = await output({ program: process.execPath, args: [program, 'restore', '--help'] });
  return help.includes('--in-place');
}

/** @param options.inPlace whether the program knows `restore --in-place` */
export function openDoppel(
  program: string,
  { inPlace: canUpdate = false }: { readonly inPlace?: boolean } = {},
): OpenTool {
  return (folder) => {
    const storeFolder = join(folder, 'store');
    const doppel = (...words: string[]) => ({
      program: process.execPath,
      args: [program, '--store', storeFolder, '--quiet', ...words],
    });
    const inPlace: InPlace = canUpdate
      ? {
          update: (_image, name, target) => {
            const file = join(target, 'restored.raw');
            return { command: doppel('restore', '--in-place', name, file), file };
          },
        }
      : { whyNot: 'this build has no restore --in-place' };
    return {
      name: 'doppel',
      settings: 'as it comes: chunks of 16 KiB, zstd level 2, frames of 2 MiB',
      init: [doppel('init')],
      storeFolder,
      indexFolder: join(storeFolder, 'index'),
      capture: (image, name) => doppel('capture', image.path, name),
      restore: (_image, name, target) => {
        const file = join(target, 'restored.raw');
        return { command: doppel('restore', name, file), file };
      },
      inPlace,
      verify: () => [doppel('verify', '--all')],
    };
  };
}
