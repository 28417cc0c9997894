/**
 * Health: when packs were checked, what is damaged and lost, how fast the store grows. Listings and records tell; only where
 * something was given up images are walked, to say which ranges of them that is.
 */
import {
  EntryKind,
  fromHex,
  LostSchema,
  type PackId,
  packKey,
  parseLeaseId,
} from '../../store-format/index.js';
import { LOST, nameLosses } from '../contents/name-losses.js';
import type { Engine } from '../engine/engine.js';
import { Findings } from '../engine/findings.js';
import type { Health, Image, LostImageRange } from '../interface.js';
import { type LastChecks, readLastChecks } from '../packs/last-checks.js';
import { listPacks } from '../packs/list-packs.js';
import { CHUNK_HOMES, ENTRY_HOMES } from '../packs/sought.js';
import { MissingEntries } from '../reachability/missing-entries.js';
import { mapConcurrently } from '../system/map-concurrently.js';

/** Small look-ups in flight at a time. */
const CONCURRENCY = 16;
const DAY_MS = 24 * 3600 * 1000;
const WEEK_MS = 7 * DAY_MS;
const GROWTH_WEEKS = 8;
const UNCHECKED_DAYS = [1, 7, 30, 90, 365];

interface SizedPack {
  readonly id: PackId;
  readonly bytes: number;
  readonly writtenMs: number;
}

/** Records that cannot be read say nothing here: who reads them all tells of them. @param images live and removed ones */
export async function health(engine: Engine, images: readonly Image[]): Promise<Health> {
  const { objects, environment } = engine;
  const listing = await listPacks(objects);
  const sized = await mapConcurrently([...listing.present], CONCURRENCY, async (id) => {
    const bytes = await objects.size(packKey(id));
    const writtenMs = await objects.modified(packKey(id));
    return bytes === undefined || writtenMs === undefined ? undefined : { id, bytes, writtenMs };
  });
  const packs = sized.filter((pack) => pack !== undefined);
  const damaged = packs.filter(({ id }) => listing.damaged.has(id));
  const sound = packs.filter(({ id }) => !listing.damaged.has(id));
  const nowMs = environment.now();
  return {
    packs: packs.length,
    packBytes: sumOf(packs),
    scrub: checksOf(sound, await readLastChecks(objects), nowMs),
    damagedPacks: damaged.length,
    damagedBytes: sumOf(damaged),
    lost: await lossesOf(engine),
    growth: growthOf(images, nowMs),
  };
}

function checksOf(packs: readonly SizedPack[], checks: LastChecks, nowMs: number): Health['scrub'] {
  const checkedMs = ({ id }: SizedPack) => checks.checkedMs(id, 'stored');
  const never = packs.filter((pack) => checkedMs(pack) === undefined);
  const oldestMs = packs.reduce(
    (oldest, pack) => Math.min(oldest, checkedMs(pack) ?? 0),
    Number.POSITIVE_INFINITY,
  );
  const sinceMs = (pack: SizedPack) => checkedMs(pack) ?? pack.writtenMs;
  return {
    ...(checks.latestStartMs !== undefined && { lastStarted: new Date(checks.latestStartMs) }),
    ...(packs.length > 0 && never.length === 0 && { allCheckedSince: new Date(oldestMs) }),
    neverCheckedPacks: never.length,
    neverCheckedBytes: sumOf(never),
    unchecked: UNCHECKED_DAYS.map((days) => ({
      days,
      bytes: sumOf(packs.filter((pack) => nowMs - sinceMs(pack) > days * DAY_MS)),
    })),
  };
}

function sumOf(packs: readonly SizedPack[]): number {
  return packs.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function lossesOf(engine: Engine): Promise<Health['lost']> {
  const missing = await stillLost(engine);
  if (missing.size === 0) return { entries: 0, bytes: 0, ranges: [] };
  const ranges: LostImageRange[] = [];
  for (const { image, offset, length } of await nameLosses(engine, missing, LOST, {})) {
    if (image !== undefined && offset !== undefined && length !== undefined)
      ranges.push({ image, offset, length });
  }
  return { entries: missing.size, bytes: ranges.reduce((sum, { length }) => sum + length, 0), ranges };
}

/** What was given up and has no home again. */
async function stillLost(engine: Engine): Promise<MissingEntries> {
  const missing = new MissingEntries();
  const keys = (await engine.objects.list('lost')).filter((key) => parseLeaseId(key) !== undefined);
  if (keys.length === 0) return missing;
  const catalog = await engine.catalog();
  for (const { entries } of await new Findings().records(engine.objects, keys, 'lost', LostSchema)) {
    for (const { kind, id } of entries) {
      const bytes = fromHex(id);
      const sought = kind === EntryKind.chunk ? CHUNK_HOMES : ENTRY_HOMES;
      if ((await catalog.find(bytes, 0, sought)) === undefined) missing.add(kind as EntryKind, bytes);
    }
  }
  return missing;
}

/** By the clocks of those who captured: an estimate. */
function growthOf(images: readonly Image[], nowMs: number): Health['growth'] {
  const addedSince = (sinceMs: number) =>
    images.reduce(
      (sum, { created, storedBytes }) => sum + (created.getTime() >= sinceMs ? storedBytes : 0),
      0,
    );
  const firstMs = images.reduce((first, { created }) => Math.min(first, created.getTime()), nowMs);
  const weeks = Math.min(GROWTH_WEEKS, Math.max(1, (nowMs - firstMs) / WEEK_MS));
  return {
    lastWeekBytes: addedSince(nowMs - WEEK_MS),
    weeklyBytes: Math.round(addedSince(nowMs - weeks * WEEK_MS) / weeks),
  };
}
