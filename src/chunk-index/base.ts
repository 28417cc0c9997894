/**
 * The base: the one database of a store's index folder that is there when no process runs. It is never opened. Slots
 * start as a copy of it by hard links (LevelDB never changes a table file once it is written), at the cost of a link
 * per table, and the slot that knows most takes its place when it closes. So rows are on disk once, however many
 * processes came and went.
 */
import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import { withLock } from './slot-lock.js';

const BASE = 'base';
/** Name of an empty file in the base: how many packs it knows. */
const PACK_COUNT = 'packs-';
/** Links and renames take milliseconds. */
const WAIT_MS = 10_000;
/** What file systems without hard links answer, and those that ran out of them. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EMLINK']);

export class Base {
  readonly #path: string;
  readonly #lock: string;

  constructor(folder: string) {
    this.#path = join(folder, BASE);
    this.#lock = join(folder, `${BASE}.lock`);
  }

  /** Packs that the base knows; 0 when there is none. */
  async packs(): Promise<number> {
    const names = await readdir(this.#path).catch(() => []);
    const count = names.find((name) => name.startsWith(PACK_COUNT));
    return count === undefined ? 0 : Number(count.slice(PACK_COUNT.length));
  }

  /** @returns whether there was a base to copy */
  async copyTo(slot: string): Promise<boolean> {
    try {
      await withLock(this.#lock, WAIT_MS, () => copyByLinks(this.#path, slot));
      return true;
    } catch {
      await rm(slot, { recursive: true, force: true }); // a base only saves time
      return false;
    }
  }

  /** Puts a slot that nobody has open any more in the place of the base if it knows `lead` packs more; else it goes. */
  async take(slot: string, packs: number, lead: number): Promise<void> {
    await withLock(this.#lock, WAIT_MS, async () => {
      if (packs < (await this.packs()) + lead) return rm(slot, { recursive: true, force: true });
      await (await open(join(slot, `${PACK_COUNT}${packs}`), 'w')).close();
      await rm(this.#path, { recursive: true, force: true });
      await rename(slot, this.#path); // killed before this, the slot is there for the next process
    });
  }

  async discard(): Promise<void> {
    await withLock(this.#lock, WAIT_MS, () => rm(this.#path, { recursive: true, force: true }));
  }
}

/** Table files are linked, the rest (a few KiB that LevelDB appends to) is copied. */
async function copyByLinks(from: string, to: string): Promise<void> {
  const names = await readdir(from);
  await mkdir(to, { recursive: true });
  for (const name of names) {
    if (name === 'LOCK' || name.startsWith('LOG') || name.startsWith(PACK_COUNT)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    if (!name.endsWith('.ldb')) await copyFile(source, target);
    else {
      await link(source, target).catch((error: unknown) => {
        if (!NO_LINKS.has(errnoOf(error))) throw error;
        return copyFile(source, target);
      });
    }
  }
}
