/** What a pack holds, decoded straight from its bytes by the format's codecs: the model's own view, without the engine. */

import { decompressFrame } from '../../src/compression/zstd.js';
import { openFrame } from '../../src/encryption/frame-seals.js';
import { blake3 } from '../../src/hashing/blake3.js';
import {
  decodeManifest,
  decodePackTail,
  decodePage,
  decodeRecipe,
  EntryKind,
  type Frame,
  HASH_BYTES,
  heldBytes,
  type PackId,
  PackKind,
  type PubId,
  pageId,
  recipeId,
  toHex,
} from '../../store-format/index.js';
import type { Opener } from './opener.js';

/** Kind of pack and id: a chunk and a recipe never stand for each other. */
export type EntryKey = string;

export interface FrameFacts {
  readonly offset: number;
  /** Bytes that it takes in the pack. */
  readonly heldBytes: number;
  readonly entries: readonly EntryKey[];
}

export interface PackFacts {
  readonly frames: readonly FrameFacts[];
  readonly entries: readonly EntryKey[];
}

/** Recipes and pages that were ever stored. Their ids are hashes of their bytes, so they never change. */
export class MetaEntries {
  readonly #bytes = new Map<string, Buffer>();

  constructor(private readonly opener: Opener) {}

  /** @throws what makes the pack unusable */
  readPack(id: PackId, bytes: Buffer): PackFacts {
    const { footer } = decodePackTail(bytes, bytes.length, id, blake3, this.opener.vault);
    const frames: FrameFacts[] = [];
    let ordinal = 0;
    for (const frame of footer.frames) {
      const stored = storedOf(frame, bytes);
      if (Buffer.compare(blake3(stored), frame.hash) !== 0)
        throw new Error(`A frame of pack ${id} is damaged`);
      const entries: EntryKey[] = [];
      const lengths = footer.lengths.subarray(ordinal, ordinal + frame.entries);
      for (let i = 0; i < frame.entries; i++, ordinal++)
        entries.push(
          entryKey(footer.kind, footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1))),
        );
      frames.push({ offset: frame.offset, heldBytes: heldBytes(frame), entries });
      if (footer.kind === PackKind.meta) this.#keep(frame, stored, lengths);
    }
    return { frames, entries: frames.flatMap(({ entries }) => entries) };
  }

  #keep(frame: Frame, stored: Buffer, lengths: Uint32Array): void {
    const plain = decompressFrame(
      frame.codec,
      stored,
      frame.plainBytes,
      Buffer.allocUnsafeSlow(frame.plainBytes),
    );
    const idOf =
      frame.kind === EntryKind.recipe ? recipeId : frame.kind === EntryKind.page ? pageId : undefined;
    let at = 0;
    for (const length of lengths) {
      const entry = Buffer.from(plain.subarray(at, at + length));
      at += length;
      if (idOf !== undefined) this.#bytes.set(toHex(idOf(entry, this.opener.entryHash)), entry);
    }
  }

  /** All entries that an image needs. @throws when a page or recipe was never stored */
  neededBy(pub: PubId, manifest: Buffer): readonly EntryKey[] {
    const { pageIds, attachments } = decodeManifest(manifest, pub, blake3);
    const needed = new Set<EntryKey>();
    for (const { id } of attachments) needed.add(entryKey(PackKind.meta, id));
    for (const id of pageIds) {
      needed.add(entryKey(PackKind.meta, id));
      const { rows, recipeIds } = decodePage(this.#require(id));
      for (let row = 0; row < rows; row++) {
        const recipe = recipeIds.subarray(HASH_BYTES * row, HASH_BYTES * (row + 1));
        needed.add(entryKey(PackKind.meta, recipe));
        const { ids, lengths } = decodeRecipe(this.#require(recipe));
        for (let i = 0; i < lengths.length; i++)
          needed.add(entryKey(PackKind.data, ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))));
      }
    }
    return [...needed];
  }

  #require(id: Uint8Array): Buffer {
    const bytes = this.#bytes.get(toHex(id));
    if (bytes === undefined) throw new Error(`Page or recipe ${toHex(id)} was never stored`);
    return bytes;
  }
}

function storedOf(frame: Frame, pack: Buffer): Buffer {
  const held = pack.subarray(frame.offset, frame.offset + heldBytes(frame));
  return frame.seal === undefined ? held : openFrame(held, frame.seal, frame.storedBytes);
}

function entryKey(kind: PackKind, id: Uint8Array): EntryKey {
  return `${kind === PackKind.data ? 'chunk' : 'meta'} ${toHex(id)}`;
}
