/**
 * casync as Debian 12 has it, at its defaults (chunks of 64 KiB, zstd) but for SHA-256, which processors have instructions for.
 * It has no command that checks a store: `digest` reads and hashes one image, so it is run for each.
 */
import { join } from 'node:path';
import type { Tool, ToolFamily } from '../tool.js';

export const CASYNC: ToolFamily = {
  name: 'casync',
  program: 'casync',
  version: (program) => ({ program, args: ['--version'] }),
  open: async (program) => [(folder) => openCasync(program, folder)],
};

function openCasync(program: string, folder: string): Tool {
  const storeFolder = join(folder, 'store');
  const casync = (verb: string, ...args: string[]) => ({
    program,
    args: [verb, `--store=${join(storeFolder, 'default.castr')}`, '--digest=sha256', ...args],
  });
  const indexFile = (name: string) => join(storeFolder, `${name}.caibx`);
  return {
    name: 'casync',
    settings: 'SHA-256, zstd, chunks of 64 KiB',
    init: [{ program: 'mkdir', args: [storeFolder] }],
    storeFolder,
    capture: (image, name) => casync('make', indexFile(name), image.path),
    restore: (_image, name, target) => {
      const file = join(target, 'restored.raw');
      return { command: casync('extract', indexFile(name), file), file };
    },
    inPlace: { whyNot: 'casync extract onto a file that is there fails now and then (stale file handle)' },
    verify: (names) => names.map((name) => casync('digest', indexFile(name))),
    reclaim: {
      commands: async (dropped, kept) => [
        { program: 'rm', args: dropped.map(indexFile) },
        casync('gc', ...kept.map(indexFile)),
      ],
    },
  };
}
