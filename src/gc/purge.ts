/**
 * Purge: removed images whose grace is over end for good (SPEC.md, section 12). The verdict is a claim of the mark that
 * undelete would claim too, so one of them wins (I10). Only then pins and leases are listed: whoever took one before the
 * verdict keeps the manifest, and whoever comes later finds the verdict.
 */
import { imageKey, markKey, type PubId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { type ListedLease, listLeases } from '../engine/leases.js';
import { listPins } from '../engine/pins.js';
import { claimMark, readMark, readVerdict } from '../images/marks.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Roots } from '../reachability/roots.js';

export interface PurgeResult {
  /** Images that ended in this run, or in one before that could not take their manifests away. */
  readonly purged: ReadonlySet<PubId>;
  /** Removed images that stay: for their grace, or because somebody holds them. */
  readonly kept: number;
}

/** Which images a purge would end now. */
export async function purgeable(engine: Engine, roots: Roots, graceMs: number): Promise<readonly PubId[]> {
  const { objects, environment } = engine;
  const ripe: PubId[] = [];
  for (const image of roots.manifests) {
    const mark = roots.verdicts.get(image);
    if (mark?.verdict !== 'removed') continue;
    const isRipe =
      graceMs === 0 || environment.now() - (await readMark(objects, image, mark.n)).atMs >= graceMs;
    if (isRipe) ripe.push(image);
  }
  return ripe;
}

/** @param listDelayMs the bound B of the store's listings */
export async function purge(
  engine: Engine,
  roots: Roots,
  graceMs: number,
  listDelayMs: number,
): Promise<PurgeResult> {
  const { objects, environment } = engine;
  const decided = imagesThatAre(roots, 'purged');
  const removed = imagesThatAre(roots, 'removed');
  const verdicts: PubId[] = [...decided];
  for (const image of await purgeable(engine, roots, graceMs)) {
    const n = roots.verdicts.get(image)!.n + 1;
    if (await claimMark(objects, environment, image, n, 'purged')) verdicts.push(image);
  }
  if (verdicts.length === 0) return { purged: new Set(), kept: removed.length };
  if (listDelayMs > 0) await environment.sleep(listDelayMs);
  // Verdicts of others are seen before they are durable.
  await objects.settle(decided.map((image) => markKey(image, roots.verdicts.get(image)!.n)));
  const named = await listNamed(objects);
  const purged = new Set<PubId>();
  for (const image of verdicts) {
    if (named.has(image)) continue;
    await objects.delete(imageKey(image));
    purged.add(image);
  }
  return { purged, kept: removed.length + decided.length - purged.size };
}

/** Images that pins and leases name. Pins are listed first. */
export async function listNamed(
  objects: ObjectStore,
  leases?: readonly ListedLease[],
): Promise<ReadonlySet<string>> {
  const pins = await listPins(objects);
  const holders = leases ?? (await listLeases(objects));
  return new Set([...pins.flatMap(({ images }) => images), ...holders.flatMap(({ lease }) => lease.images)]);
}

/** Removed images that could not go before, or that may be brought back yet. */
export function imagesThatAre(roots: Roots, verdict: 'purged' | 'removed'): readonly PubId[] {
  return [...roots.verdicts].filter(([, mark]) => mark.verdict === verdict).map(([image]) => image);
}

/** Marks below a purge mark say nothing any more, once the manifest is gone. */
export async function dropOldMarks({ objects }: Engine, roots: Roots): Promise<void> {
  for (const [image, { highest, lower }] of roots.marks) {
    if (lower.length === 0 || roots.manifests.has(image)) continue;
    if ((await readVerdict(objects, image, highest)) !== 'purged') continue;
    for (const n of lower) await objects.delete(markKey(image, n));
  }
}
