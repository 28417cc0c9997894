/**
 * Plan: which packs are to go. Packs of which nothing is kept are dropped. Packs of which little is kept are rewritten,
 * and so are packs that are small, once there are a number of them. What nobody needs *yet* is left alone for a while.
 */
import { HASH_BYTES, heldBytes, type LeaseId, MIB, PackKind, packKey } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import type { OperationOptions } from '../interface.js';
import type { FooterTable } from '../packs/footer-table.js';
import type { Mark } from '../reachability/mark.js';
import type { NumberedPack } from '../reachability/survey.js';

/** Packs below this size are merged when there are `SMALL_PACKS` of a kind: one of 64 MiB reads faster than many. */
const SMALL_BYTES = 16 * MIB;
const SMALL_PACKS = 8;

export interface PlanSettings {
  /** Packs of which a smaller share is kept are rewritten: 0 to 1. */
  readonly repackBelow: number;
  readonly maxRepackBytes: number;
  /** How long packs are left alone that no image ever named, in milliseconds. */
  readonly packGraceMs: number;
}

/** What is known of who wrote a pack. */
export interface PackWriters {
  /** Leases whose holders live: their packs are about to be named. */
  readonly living: ReadonlySet<LeaseId>;
  /** Leases that published an image, purged ones included, or whose packs hold what gc moved. */
  readonly isNamed: (lease: LeaseId) => boolean;
  /** What the images needed that end with this run; undefined where that cannot be told any more. */
  readonly markFormer: () => Promise<Mark | undefined>;
}

export interface PackUse {
  readonly pack: NumberedPack;
  /** Stored bytes of its frames, and of what is kept of them. */
  readonly frameBytes: number;
  readonly keptBytes: number;
  readonly keptEntries: number;
}

export interface Plan {
  /** Condemned by an earlier run that did not end. */
  readonly resumed: readonly PackUse[];
  readonly dropped: readonly PackUse[];
  readonly repacked: readonly PackUse[];
  readonly staying: readonly PackUse[];
}

export async function makePlan(
  engine: Engine,
  mark: Mark,
  settings: PlanSettings,
  writers: PackWriters,
  options: OperationOptions,
): Promise<Plan> {
  const resumed: PackUse[] = [];
  const dropped: PackUse[] = [];
  const staying: PackUse[] = [];
  const poor: PackUse[] = [];
  const small: PackUse[] = [];
  const young: PackUse[] = [];
  const { listing, packs, footers } = mark.survey;
  for (const pack of packs) {
    options.signal?.throwIfAborted();
    const use = useOf(pack, await footers.read(pack.id), mark);
    if (listing.condemned.has(pack.id)) resumed.push(use);
    else if (writers.living.has(pack.lease)) staying.push(use);
    else if (use.keptBytes > 0 || isNeededAtAll(pack, mark)) {
      // Where others stand in for all of it, it can be dropped once those are read.
      const isPoor = use.keptBytes < settings.repackBelow * use.frameBytes;
      if (use.keptBytes === 0) dropped.push(use);
      else if (isPoor || listing.damaged.has(pack.id)) poor.push(use);
      else (pack.packBytes < SMALL_BYTES ? small : staying).push(use);
    } else if (await isYoung(engine, pack, settings, writers)) young.push(use);
    else dropped.push(use);
  }
  // What an image has used is not waiting to be used any more, whoever wrote it.
  const former = young.length === 0 ? undefined : await writers.markFormer();
  for (const use of young) (former && isNeededAtAll(use.pack, former) ? dropped : staying).push(use);
  const chosen = chooseRepacks(poor, small, settings.maxRepackBytes);
  const isChosen = new Set(chosen);
  return {
    resumed,
    dropped,
    repacked: chosen,
    staying: [...staying, ...poor, ...small].filter((use) => !isChosen.has(use)),
  };
}

function isNeededAtAll(pack: NumberedPack, mark: Mark): boolean {
  for (let ordinal = 0; ordinal < pack.entries; ordinal++) if (mark.isNeeded(pack, ordinal)) return true;
  return false;
}

function useOf(pack: NumberedPack, footer: FooterTable, mark: Mark): PackUse {
  let frameBytes = 0;
  let keptBytes = 0;
  let keptEntries = 0;
  let ordinal = 0;
  for (const frame of footer.frames) {
    let kept = 0;
    for (const end = ordinal + frame.entries; ordinal < end; ordinal++) {
      if (mark.isKept(pack, ordinal)) {
        kept += footer.lengths[ordinal]!;
        keptEntries++;
      }
    }
    frameBytes += heldBytes(frame);
    keptBytes += heldBytes(frame) * (kept / frame.plainBytes);
  }
  return { pack, frameBytes, keptBytes, keptEntries };
}

/** A capture that was stopped leaves whole packs: the next one finds and uses them. */
async function isYoung(
  engine: Engine,
  pack: NumberedPack,
  { packGraceMs }: PlanSettings,
  writers: PackWriters,
): Promise<boolean> {
  if (packGraceMs === 0 || pack.homeless || writers.isNamed(pack.lease)) return false;
  const modified = await engine.objects.modified(packKey(pack.id));
  return modified !== undefined && engine.environment.now() - modified < packGraceMs;
}

/** Those first that give back most for what they cost. */
function chooseRepacks(
  poor: readonly PackUse[],
  small: readonly PackUse[],
  maxBytes: number,
): readonly PackUse[] {
  const share = ({ keptBytes, frameBytes }: PackUse) => keptBytes / frameBytes;
  const wanted = [...poor].sort((a, b) => share(a) - share(b));
  for (const kind of [PackKind.data, PackKind.meta]) {
    const mergeable = small.filter(({ pack }) => pack.kind === kind);
    if (mergeable.length >= SMALL_PACKS) wanted.push(...mergeable);
  }
  let bytes = 0;
  return wanted.filter(({ keptBytes }) => {
    if (bytes + keptBytes > maxBytes) return false;
    bytes += keptBytes;
    return true;
  });
}

/** About how large the packs will be that hold what is kept of these. */
export function rewrittenBytes(uses: readonly PackUse[]): number {
  return uses.reduce((sum, { keptBytes, keptEntries }) => sum + keptBytes + FOOTER_BYTES * keptEntries, 0);
}

/** Of each entry: length and id. */
const FOOTER_BYTES = 4 + HASH_BYTES;
