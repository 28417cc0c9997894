import { createRequire } from 'node:module';

type NativeExtensions = typeof import('fs-native-extensions');
const require = createRequire(import.meta.url);
let loaded: NativeExtensions | undefined;

/** Loaded on first use: most commands that only look need no lock. */
export function nativeExtensions(): NativeExtensions {
  loaded ??= require('fs-native-extensions') as NativeExtensions;
  return loaded;
}

/**
 * Locks an open file for as long as it stays open; the lock goes with the process, however that ends.
 *
 * @param fd open for writing
 * @returns false when somebody else holds the lock
 */
export function tryLock(fd: number): boolean {
  return nativeExtensions().tryLock(fd);
}
