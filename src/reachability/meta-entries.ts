/** Reads recipes and pages as they lie in their packs: each frame once, each entry checked by its id. */
import { type EntryKind, type Frame, HASH_BYTES, PackKind } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';
import { ENTRY_KINDS } from '../packs/entry-kinds.js';
import type { FooterTable } from '../packs/footer-table.js';
import { plainFrame, readStoredFrame } from '../packs/read-frame.js';
import type { Bits } from './bits.js';
import type { Survey } from './survey.js';

/** An entry that could not be read where it was looked for. */
export interface BadEntry {
  readonly id: Buffer;
  readonly entry: number;
}

export class MetaEntries {
  constructor(
    private readonly engine: Engine,
    private readonly survey: Survey,
  ) {}

  /** The wanted entries of a kind in the order of packs; those that cannot be read there go to `bad`. */
  async *read(kind: EntryKind, wanted: Bits, bad: BadEntry[], signal?: AbortSignal): AsyncGenerator<Buffer> {
    for (const pack of this.survey.packs) {
      if (pack.kind !== PackKind.meta || !wanted.hasAny(pack.first, pack.entries)) continue;
      const footer = await this.survey.footers.read(pack.id);
      let ordinal = 0;
      for (const frame of footer.frames) {
        signal?.throwIfAborted();
        const first = ordinal;
        ordinal += frame.entries;
        if (frame.kind !== kind || !wanted.hasAny(pack.first + first, frame.entries)) continue;
        const plain = await readPlainFrame(this.engine.objects, footer, frame);
        for (let i = first; i < ordinal; i++) {
          if (!wanted.has(pack.first + i)) continue;
          const bytes = plain && checkedEntry(this.engine, footer, plain, i, kind);
          if (bytes !== undefined) yield bytes;
          else bad.push({ id: idOf(footer, i), entry: pack.first + i });
        }
      }
    }
  }

  /** Another copy of an entry that was bad at one place. @returns undefined when there is none that can be read */
  async readElsewhere(
    kind: EntryKind,
    { id, entry }: BadEntry,
  ): Promise<{ readonly entry: number; readonly bytes: Buffer } | undefined> {
    for (const pack of this.survey.packs) {
      if (pack.kind !== PackKind.meta) continue;
      const footer = await this.survey.footers.read(pack.id);
      const ordinal = footer.find(id, 0);
      if (ordinal < 0 || pack.first + ordinal === entry) continue;
      const frame = footer.frames[footer.frameOf[ordinal]!]!;
      const plain = await readPlainFrame(this.engine.objects, footer, frame);
      const bytes = plain && checkedEntry(this.engine, footer, plain, ordinal, kind);
      if (bytes !== undefined) return { entry: pack.first + ordinal, bytes };
    }
    return undefined;
  }
}

/** @returns undefined for what is damaged. @throws object-unreadable, object-missing: it may be whole tomorrow */
export async function readPlainFrame(
  objects: Pick<ObjectStore, 'get'>,
  footer: FooterTable,
  frame: Frame,
): Promise<Buffer | undefined> {
  try {
    return plainFrame(footer.pack, frame, await readStoredFrame(objects, footer.pack, frame));
  } catch (error) {
    if (error instanceof StoreError && error.code === 'object-damaged') return undefined;
    throw error;
  }
}

/** The entry's bytes, if they hash to its id. */
export function checkedEntry(
  { entryHash }: Engine,
  footer: FooterTable,
  plain: Buffer,
  ordinal: number,
  kind: EntryKind,
): Buffer | undefined {
  const offset = footer.offsetOf[ordinal]!;
  const bytes = plain.subarray(offset, offset + footer.lengths[ordinal]!);
  const at = HASH_BYTES * ordinal;
  const id = ENTRY_KINDS[kind].idOf(bytes, entryHash);
  return footer.ids.compare(id, 0, HASH_BYTES, at, at + HASH_BYTES) === 0 ? bytes : undefined;
}

export function idOf(footer: FooterTable, ordinal: number): Buffer {
  return Buffer.from(footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1)));
}
