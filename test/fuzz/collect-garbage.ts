/** Garbage collected on demand, so that what an input costs is measured against a clean heap. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as (options?: { readonly type: 'minor' | 'major' }) => void;

/** The young generation alone: a millisecond. */
export function collectYoung(): void {
  gc({ type: 'minor' });
}

export function collectAll(): void {
  gc();
}
