import { createRequire } from 'node:module';
import { FORMAT_VERSION } from '../store-format/index.js';
import { zstdImplementation } from './compression/zstd.js';
import { blake3Implementation } from './hashing/blake3.js';
import type { Versions } from './interface.js';
import { systemCalls } from './system/calls.js';

const require = createRequire(import.meta.url);

function readVersion(): string {
  // Beside src/ in the sources, one level above dist/src/ when built.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = require(path) as { name?: string; version?: string };
      if (name === 'doppel' && version !== undefined) return version;
    } catch {
      // not there
    }
  }
  return 'unknown';
}

export const DOPPEL_VERSION: string = readVersion();

/** Which implementation does the work on this machine. */
export function versions(): Versions {
  const hasCalls = systemCalls() !== undefined;
  return {
    doppel: DOPPEL_VERSION,
    format: `0.${FORMAT_VERSION}`,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    parts: [
      { part: 'hash', ...blake3Implementation },
      { part: 'compression', ...zstdImplementation },
      { part: 'chunk index', implementation: `level ${packageVersion('level')}, LevelDB`, native: true },
      {
        part: 'locks',
        implementation: `fs-native-extensions ${packageVersion('fs-native-extensions')}`,
        native: true,
      },
      { part: 'system calls', implementation: hasCalls ? 'koffi' : 'none: holes are read', native: hasCalls },
    ],
  };
}

function packageVersion(name: string): string {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return '';
  }
}
