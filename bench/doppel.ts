/** doppel itself, by the built command. */
import { join } from 'node:path';
import type { OpenTool } from './tool.js';

/** @param program path of `dist/cli/main.js`, of this build or another */
export function openDoppel(program: string): OpenTool {
  return (folder) => {
    const storeFolder = join(folder, 'store');
    const doppel = (...words: string[]) => ({
      program: process.execPath,
      args: [program, '--store', storeFolder, '--quiet', ...words],
    });
    return {
      name: 'doppel',
      settings: 'as it comes: chunks of 16 KiB, zstd level 3',
      version: doppel('--version'),
      init: [doppel('init')],
      storeFolder,
      indexFolder: join(storeFolder, 'index'),
      capture: (image, name) => doppel('capture', image.path, name),
      restore: (_image, name, target) => {
        const file = join(target, 'restored.raw');
        return { command: doppel('restore', name, file), file };
      },
      verify: () => [doppel('verify', '--all')],
    };
  };
}
