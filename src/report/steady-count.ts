import type { OpenImages } from '../contents/open-contents.js';

/** A gc that takes more packs away than this many counts in a row last is waited out. */
const RENEWED_COUNTS = 2;

export type Renew = () => Promise<void>;

/**
 * Counts that go by places in packs. When packs depart while their entries are counted, an entry may be found at two places
 * and counted twice: then all is counted again, in the end under one lease, for which gc has to wait.
 */
export async function countSteadily<T>(open: OpenImages, count: (renew: Renew) => Promise<T>): Promise<T> {
  const { catalog } = open;
  for (let tries = 0; tries < RENEWED_COUNTS; tries++) {
    const before = catalog.departures;
    const result = await count(() => open.renew());
    if (catalog.departures === before) return result;
  }
  return count(async () => {});
}
