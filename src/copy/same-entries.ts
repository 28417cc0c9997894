import type { Engine } from '../engine/engine.js';
import { sameBytes } from '../intake/parent-image.js';

/**
 * Whether equal content has equal chunks, recipes and pages in both stores, under equal ids: hash, chunker and segments
 * are equal, and both name entries without a key or by the same one.
 */
export function haveSameEntries(a: Engine, b: Engine): boolean {
  const [keyA, keyB] = [a.objects.vault?.entryKey, b.objects.vault?.entryKey];
  const sameKey = keyA === undefined || keyB === undefined ? keyA === keyB : sameBytes(keyA, keyB);
  return (
    sameKey &&
    a.config.hash === b.config.hash &&
    a.config.segmentBytes === b.config.segmentBytes &&
    a.chunkerFingerprint === b.chunkerFingerprint
  );
}
