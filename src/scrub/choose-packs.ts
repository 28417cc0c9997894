/** Which packs a scrub reads: those first that were never checked, then those that were checked longest ago. */
import type { PackId } from '../../store-format/index.js';
import type { ScrubOptions } from '../interface.js';
import type { LastChecks } from '../packs/last-checks.js';

export interface ScrubbedPack {
  readonly id: PackId;
  readonly packBytes: number;
}

/**
 * @param packs those of the store
 * @returns the packs to read, in order
 */
export function choosePacks(
  packs: readonly ScrubbedPack[],
  checks: LastChecks,
  { fraction, olderThanMs, resume, depth = 'decoded' }: ScrubOptions,
  nowMs: number,
): readonly ScrubbedPack[] {
  const checkedMs = ({ id }: ScrubbedPack) => checks.checkedMs(id, depth) ?? Number.NEGATIVE_INFINITY;
  const isDue = (pack: ScrubbedPack) =>
    (olderThanMs === undefined || checkedMs(pack) < nowMs - olderThanMs) &&
    (resume !== true || checkedMs(pack) < (checks.latestStartMs ?? 0));
  // The large ones first, so that no worker is alone with one at the end.
  const due = packs
    .filter(isDue)
    .sort((a, b) => order(checkedMs(a), checkedMs(b)) || b.packBytes - a.packBytes || (a.id < b.id ? -1 : 1));
  if (fraction === undefined) return due;
  const enough = fraction * packs.reduce((sum, { packBytes }) => sum + packBytes, 0);
  let bytes = 0;
  return due.filter((pack) => {
    if (bytes >= enough) return false;
    bytes += pack.packBytes;
    return true;
  });
}

function order(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
