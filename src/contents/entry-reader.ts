/**
 * Reads single small entries (recipes, pages, extent lists) from meta packs and checks them by their ids. Their
 * frames hold hundreds of neighbours each, so the last few frames are kept. What is found nowhere is looked for in a
 * new listing (gc may have moved it), then in an index made anew, and only then given up.
 */
import { type EntryKind, HASH_BYTES, toHex } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { ENTRY_KINDS } from '../packs/entry-kinds.js';
import type { Home, PackCatalog } from '../packs/pack-catalog.js';
import { plainFrame, readStoredFrame } from '../packs/read-frame.js';
import { ENTRY_COPIES } from '../packs/sought.js';

const KEPT_FRAMES = 8;

export class EntryReader {
  readonly #frames = new Map<string, Promise<Buffer>>();

  constructor(
    private readonly engine: Engine,
    private readonly catalog: PackCatalog,
  ) {}

  /**
   * The entry whose id stands in `ids` at byte `at`. The bytes are a view that stays good.
   *
   * @throws object-missing, object-damaged, object-unreadable
   */
  async read(kind: EntryKind, ids: Buffer, at = 0): Promise<Buffer> {
    const wrong: Home[] = [];
    const failures: StoreError[] = [];
    const looks = [() => this.catalog.refresh(), () => this.engine.distrustIndex()];
    for (;;) {
      const home = await this.catalog.find(
        ids,
        at,
        ENTRY_COPIES,
        wrong.map(({ footer }) => footer.pack),
      );
      if (home === undefined) {
        const look = looks.shift();
        if (look === undefined)
          throw this.#lost(kind, ids, at, wrong, failures[0] ?? this.catalog.unreadable);
        await look();
        continue;
      }
      const bytes = await this.#bytesOf(home, failures);
      const id = bytes === undefined ? undefined : ENTRY_KINDS[kind].idOf(bytes, this.engine.entryHash);
      if (
        bytes !== undefined &&
        id !== undefined &&
        ids.compare(id, 0, HASH_BYTES, at, at + HASH_BYTES) === 0
      ) {
        return bytes;
      }
      wrong.push(home);
    }
  }

  /** @param failure why a pack that may hold it could not be read */
  #lost(
    kind: EntryKind,
    ids: Buffer,
    at: number,
    wrong: readonly Home[],
    failure: StoreError | undefined,
  ): StoreError {
    const id = toHex(ids.subarray(at, at + HASH_BYTES));
    const name = ENTRY_KINDS[kind].name;
    const details = { chunk: id, ...(wrong[0] === undefined ? {} : { pack: wrong[0].footer.pack }) };
    if (failure !== undefined) {
      const message = `${name} ${id.slice(0, 12)}… cannot be read now: ${failure.message}`;
      return new StoreError(
        'object-unreadable',
        message,
        { ...failure.details, ...details },
        { cause: failure },
      );
    }
    return wrong.length === 0
      ? new StoreError('object-missing', `${name} ${id.slice(0, 12)}… is missing: no pack holds it`, details)
      : new StoreError(
          'object-damaged',
          `${name} ${id.slice(0, 12)}… is damaged in pack ${wrong[0]!.footer.pack.slice(0, 12)}…`,
          details,
        );
  }

  /** @param failures takes errors of the medium, where the bytes may be good */
  async #bytesOf({ footer, ordinal }: Home, failures: StoreError[]): Promise<Buffer | undefined> {
    const frame = footer.frameOf[ordinal]!;
    try {
      const plain = await this.#frame(footer, frame);
      const offset = footer.offsetOf[ordinal]!;
      return plain.subarray(offset, offset + footer.lengths[ordinal]!);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'object-unreadable') failures.push(error);
      return undefined; // unreadable or no zstd frame: another copy may be good
    }
  }

  #frame(footer: Home['footer'], number: number): Promise<Buffer> {
    const key = `${footer.pack}.${number}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const frame = this.#readFrame(footer, number);
    this.#frames.set(key, frame);
    frame.catch(() => this.#frames.delete(key));
    if (this.#frames.size > KEPT_FRAMES) this.#frames.delete(this.#frames.keys().next().value!);
    return frame;
  }

  async #readFrame(footer: Home['footer'], number: number): Promise<Buffer> {
    const frame = footer.frames[number]!;
    const stored = await readStoredFrame(this.engine.objects, footer.pack, frame);
    return plainFrame(footer.pack, frame, stored);
  }
}
