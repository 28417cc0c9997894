/**
 * A slot per process: LevelDB lets one process open a database, so a store's index folder holds several databases
 * while several processes run, and each works in one that nobody else uses.
 *
 *   index/v1/slot-0/ slot-0.lock   a database and the lock of its user
 *   index/v1/base/ base.lock       the database at rest (base.ts)
 *
 * A slot without a user was left by a process that was killed; it may know more than the base, or less.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Base } from './base.js';
import type { ChunkIndex } from './chunk-index.js';
import { LevelIndex } from './level-index.js';
import { lock, type Unlock } from './slot-lock.js';

/** Raised when rows change their meaning; other versions' folders are left to whoever knows them. */
const VERSION = 'v1';
const MAX_SLOTS = 256;
const SLOT_NAME = /^slot-[0-9]+$/;

export interface IndexSlot {
  readonly index: ChunkIndex;
  /** Why the slot was made anew, when it was damaged. */
  readonly damage: unknown;
  /** What a look-up met since; the slot is thrown away at close. */
  readonly laterDamage: () => unknown;
  close(): Promise<void>;
}

/** @param indexFolder made when it is not there */
export async function acquireSlot(indexFolder: string): Promise<IndexSlot> {
  const folder = join(indexFolder, VERSION);
  await mkdir(folder, { recursive: true });
  for (let number = 0; number < MAX_SLOTS; number++) {
    const path = join(folder, `slot-${number}`);
    const unlock = await lock(lockOf(path));
    if (unlock === undefined) continue;
    try {
      return await openSlot(folder, path, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }
  throw new Error(`All ${MAX_SLOTS} index slots of ${folder} are in use`);
}

/** Deletes what no process uses, so that slots are made anew. @returns slots that are in use and were left */
export async function discardFreeSlots(indexFolder: string): Promise<number> {
  const folder = join(indexFolder, VERSION);
  await mkdir(folder, { recursive: true });
  await new Base(folder).discard();
  return sweepSlots(folder);
}

async function openSlot(folder: string, path: string, unlock: Unlock): Promise<IndexSlot> {
  const base = new Base(folder);
  const { index, damage } = await openOrRemake(base, path);
  return {
    index,
    damage,
    laterDamage: () => index.damage,
    close: async () => {
      const packs = index.packs.size;
      const broken = index.damage !== undefined;
      // What was made anew is rather trusted than the base.
      const leadNeeded = index.cleared ? -Infinity : index.changed ? 0 : 1;
      await index.close();
      try {
        if (broken) await discard(base, path);
        else await base.take(path, packs, leadNeeded);
        await sweepSlots(folder, path);
      } catch {
        // A base only saves time: the slot stays where it is, for the next process.
      } finally {
        await unlock();
      }
    },
  };
}

async function openOrRemake(base: Base, path: string): Promise<{ index: LevelIndex; damage: unknown }> {
  try {
    if ((await readdir(path).catch(() => [])).length > 0) {
      const left = await LevelIndex.open(path);
      if (left.packs.size >= (await base.packs())) return { index: left, damage: undefined };
      await left.close();
      await rm(path, { recursive: true, force: true });
    }
    await base.copyTo(path);
    return { index: await LevelIndex.open(path), damage: undefined };
  } catch (damage) {
    await discard(base, path);
    return { index: await LevelIndex.open(path), damage };
  }
}

/** The base shares files with its slots: what is damaged in one may be in the other. */
async function discard(base: Base, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await base.discard();
}

/** Removes what killed processes left. @returns how many other slots are in use */
async function sweepSlots(folder: string, own?: string): Promise<number> {
  let used = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!SLOT_NAME.test(name) || path === own) continue;
    const unlock = await lock(lockOf(path));
    if (unlock === undefined) used++;
    else await rm(path, { recursive: true, force: true }).finally(unlock);
  }
  return used;
}

function lockOf(slotPath: string): string {
  return `${slotPath}.lock`;
}
