/**
 * The files of the client's memory: what this user's doppel saw of stores with keys, one file per store in a state folder of
 * the user's (`$XDG_STATE_HOME/doppel`). They hold no secret, and names of images only as keyed hashes. All of it is best
 * effort: a memory that cannot be read or written keeps nobody from working.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { discard } from '../system/durable-files.js';

const HexSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]+$/));
const NumberSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

const StoreMemorySchema = v.object({
  version: v.literal(1),
  storeId: HexSchema,
  /** Public key of the owner. */
  owner: HexSchema,
  /** Where the store was seen. */
  locations: v.array(v.string()),
  /** The config with the highest number. */
  config: v.object({ n: NumberSchema, hash: v.string() }),
  /** Keyed hash of a name -> publication of its newest image, and the highest number of its records. */
  names: v.record(v.string(), v.object({ image: HexSchema, record: NumberSchema })),
});
export type StoreMemory = v.InferOutput<typeof StoreMemorySchema>;
export type NameMemory = StoreMemory['names'][string];

/** Where a user's programs keep what they know from one time to the next; undefined where the user has no home. */
export function defaultStateFolder(): string | undefined {
  const { XDG_STATE_HOME: state } = process.env;
  if (state !== undefined && isAbsolute(state)) return join(state, 'doppel');
  try {
    return join(homedir(), '.local', 'state', 'doppel');
  } catch {
    return undefined;
  }
}

export class MemoryFolder {
  readonly #folder: string | undefined;

  constructor(folder = defaultStateFolder()) {
    this.#folder = folder;
  }

  async list(): Promise<readonly StoreMemory[]> {
    const folder = this.#folder;
    if (folder === undefined) return [];
    const names = await readdir(folder).catch(() => []);
    const ids = names.flatMap((name) => /^([0-9a-f]{32})\.json$/.exec(name)?.[1] ?? []);
    const memories = await Promise.all(ids.map((id) => this.read(id)));
    return memories.filter((memory) => memory !== undefined);
  }

  async read(storeId: string): Promise<StoreMemory | undefined> {
    if (this.#folder === undefined) return undefined;
    try {
      const document: unknown = JSON.parse(await readFile(this.#pathOf(storeId), 'utf8'));
      const result = v.safeParse(StoreMemorySchema, document);
      return result.success && result.output.storeId === storeId ? result.output : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whoever writes at the same time may undo this one's news: the next look at the store brings it back. */
  async write(memory: StoreMemory): Promise<void> {
    if (this.#folder === undefined) return;
    const path = this.#pathOf(memory.storeId);
    const temporary = `${path}.${randomBytes(6).toString('hex')}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(temporary, `${JSON.stringify(memory)}\n`, { mode: 0o600, flag: 'wx' });
      await rename(temporary, path);
    } catch {
      await discard(temporary);
    }
  }

  async delete(storeId: string): Promise<void> {
    if (this.#folder !== undefined) await discard(this.#pathOf(storeId));
  }

  #pathOf(storeId: string): string {
    return join(this.#folder!, `${storeId}.json`);
  }
}
