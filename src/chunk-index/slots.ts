/**
 * A slot per process: LevelDB lets one process open a database, so a store's index folder holds several databases,
 * and each process works in one that nobody else uses.
 *
 *   index/v1/slot-0/ slot-0.lock   a database and the lock of its user
 *   index/v1/base/                 a copy of a database at rest, never opened
 *
 * A new slot starts as a copy of the base by hard links (LevelDB never changes a table file once it is written), so
 * a second process starts at the cost of the packs that came since, not of the store.
 */
import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../system/native-extensions.js';

import type { ChunkIndex } from './chunk-index.js';
import { LevelIndex } from './level-index.js';

/** Raised when rows change their meaning; other versions' folders are left to whoever knows them. */
const VERSION = 'v1';
const BASE = 'base';
/** A slot this many packs ahead of the base makes a new base when it closes. */
const BASE_LAG_PACKS = 4;
const MAX_SLOTS = 256;

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
    const slot = await trySlot(folder, `slot-${number}`);
    if (slot !== undefined) return slot;
  }
  throw new Error(`All ${MAX_SLOTS} index slots of ${folder} are in use`);
}

/** Deletes what no process uses, so that slots are made anew. @returns slots that are in use and were left */
export async function discardFreeSlots(indexFolder: string): Promise<number> {
  const folder = join(indexFolder, VERSION);
  let used = 0;
  await rm(join(folder, BASE), { recursive: true, force: true });
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^slot-[0-9]+$/.test(name)) continue;
    const unlock = await lock(join(folder, `${name}.lock`));
    if (unlock === undefined) used++;
    else {
      await rm(join(folder, name), { recursive: true, force: true });
      await unlock();
    }
  }
  return used;
}

async function trySlot(folder: string, name: string): Promise<IndexSlot | undefined> {
  const unlock = await lock(join(folder, `${name}.lock`));
  if (unlock === undefined) return undefined;
  const path = join(folder, name);
  try {
    const { index, damage } = await openOrRemake(folder, path);
    return {
      index,
      damage,
      laterDamage: () => index.damage,
      close: async () => {
        const packs = index.packs.size;
        const broken = index.damage !== undefined;
        await index.close();
        if (broken) await rm(path, { recursive: true, force: true });
        else await refreshBase(folder, path, packs).catch(() => undefined); // a base only saves time
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function openOrRemake(folder: string, path: string): Promise<{ index: LevelIndex; damage: unknown }> {
  const fresh = (await readdir(path).catch(() => [])).length === 0;
  if (fresh)
    await copyByLinks(join(folder, BASE), path).catch(() => rm(path, { recursive: true, force: true }));
  try {
    return { index: await LevelIndex.open(path), damage: undefined };
  } catch (damage) {
    await rm(path, { recursive: true, force: true });
    // The base shares files with its slots: what is damaged in one may be in the other.
    await rm(join(folder, BASE), { recursive: true, force: true });
    return { index: await LevelIndex.open(path), damage };
  }
}

/** Table files are linked, the rest (a few KiB that LevelDB appends to) is copied. */
async function copyByLinks(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (name === 'LOCK' || name.startsWith('LOG') || name.startsWith('packs-')) continue;
    await (name.endsWith('.ldb') ? link : copyFile)(join(from, name), join(to, name));
  }
}

async function refreshBase(folder: string, path: string, packs: number): Promise<void> {
  const [old] = (await readdir(join(folder, BASE)).catch(() => [])).filter((name) =>
    name.startsWith('packs-'),
  );
  if (old !== undefined && packs < Number(old.slice('packs-'.length)) + BASE_LAG_PACKS) return;
  if (packs < BASE_LAG_PACKS) return;
  const next = join(folder, `${BASE}.${process.pid}`);
  await rm(next, { recursive: true, force: true });
  await copyByLinks(path, next);
  await (await open(join(next, `packs-${packs}`), 'w')).close();
  await rm(join(folder, BASE), { recursive: true, force: true });
  await rename(next, join(folder, BASE));
}

/** An OS lock: it goes with its process. @returns undefined when somebody else holds it */
async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  const file = await open(path, 'a+');
  try {
    if (tryLock(file.fd)) return () => file.close();
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}
