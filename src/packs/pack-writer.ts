/**
 * Writes compressed frames into packs of one kind, one after the other. A pack appears under its name when it is
 * whole and durable, and not before its footer was decoded once more from the bytes that were written.
 *
 * A writer that failed once stays failed.
 */
import {
  coveredBySignature,
  decodePackTail,
  type EntryKind,
  encodePackFooter,
  encodePackHeader,
  encodePackTrailer,
  encodePackTrailerStart,
  type Frame,
  type FrameCodec,
  type LeaseId,
  PACK_MAX_BYTES,
  PACK_MAX_ENTRIES,
  PACK_MAX_FRAMES,
  type PackKind,
  type PackTail,
  packId,
  packKey,
  SEALED_PACK_MAX_FRAMES,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { type Blake3Stream, blake3, createBlake3Stream } from '../hashing/blake3.js';
import type { ObjectStore, Upload } from '../objects/object-store.js';
import { OpenPackSeal, paddingBefore, SEALED_PACK_FRAMES_BYTES } from './pack-seal.js';

/** Packs being synced at a time: a slow disk holds the writer back here. */
const MAX_FINISHING = 2;

/** A compressed frame with what its pack's footer will say of it. */
export interface FinishedFrame {
  readonly kind: EntryKind;
  readonly codec: FrameCodec;
  readonly plainBytes: number;
  readonly stored: Uint8Array;
  /** BLAKE3 of the stored bytes. */
  readonly hash: Uint8Array;
  readonly lengths: readonly number[];
  /** 32 bytes each. */
  readonly ids: Uint8Array;
}

interface OpenPack {
  /** Of a pack that is sealed. */
  readonly seal: OpenPackSeal | undefined;
  readonly upload: Upload;
  readonly hasher: Blake3Stream;
  readonly salt: Uint8Array;
  readonly frames: Frame[];
  readonly lengths: number[];
  readonly ids: Uint8Array[];
  bytes: number;
}

export interface PackWriterOptions {
  readonly objects: ObjectStore;
  readonly environment: Environment;
  readonly kind: PackKind;
  readonly lease: LeaseId;
  /** Called when a pack is durable under its name. */
  readonly onPack: (tail: PackTail) => Promise<void>;
}

export class PackWriter {
  #pack: OpenPack | undefined;
  /** Appends and finishes, in order. */
  #queue: Promise<void> = Promise.resolve();
  /** Packs that are being synced while the next one is written. They never reject: they set the failure. */
  readonly #finishing = new Set<Promise<void>>();
  #failure: unknown;
  #storedBytes = 0;

  constructor(private readonly options: PackWriterOptions) {}

  /** Bytes of the packs written so far, footers included. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Resolves when the frame's bytes were written and may be reused. @throws what the store threw, again and again */
  async append(frame: FinishedFrame): Promise<void> {
    await this.#enqueue(() => this.#append(frame));
  }

  /** Closes the open pack, if there is one, and waits until all packs are durable. */
  async finish(): Promise<void> {
    await this.#enqueue(() => this.#close());
    await Promise.all(this.#finishing);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Leaves nothing of the open pack. Packs that were finished stay. */
  async abort(): Promise<void> {
    this.#failure ??= new Error('The pack writer was stopped');
    await this.#queue;
    await Promise.all(this.#finishing);
    await this.#pack?.upload.abort();
    this.#pack = undefined;
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await step();
      } catch (error) {
        this.#failure ??= error;
        throw error;
      }
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #append(frame: FinishedFrame): Promise<void> {
    if (this.#pack !== undefined && !this.#fits(this.#pack, frame)) await this.#close();
    this.#pack ??= await this.#open();
    const pack = this.#pack;
    const held = pack.seal?.sealFrame(pack.frames.length, frame) ?? [frame.stored];
    pack.frames.push({
      offset: pack.bytes,
      storedBytes: frame.stored.length,
      plainBytes: frame.plainBytes,
      entries: frame.lengths.length,
      codec: frame.codec,
      kind: frame.kind,
      hash: frame.hash,
    });
    pack.lengths.push(...frame.lengths);
    pack.ids.push(frame.ids);
    for (const bytes of held) await write(pack, bytes);
  }

  #fits(pack: OpenPack, frame: FinishedFrame): boolean {
    const heldBytes = pack.seal?.heldBytes(frame) ?? frame.stored.length;
    const mostBytes = pack.seal === undefined ? PACK_MAX_BYTES : SEALED_PACK_FRAMES_BYTES;
    return (
      pack.bytes + heldBytes <= mostBytes &&
      pack.frames.length < (pack.seal === undefined ? PACK_MAX_FRAMES : SEALED_PACK_MAX_FRAMES) &&
      pack.lengths.length + frame.lengths.length <= PACK_MAX_ENTRIES
    );
  }

  async #open(): Promise<OpenPack> {
    const { objects, environment, lease } = this.options;
    const seal = objects.vault && new OpenPackSeal(objects.vault);
    const pack: OpenPack = {
      upload: await objects.upload(lease),
      seal,
      hasher: createBlake3Stream(),
      salt: seal?.salt ?? environment.random(32), // no PackId ever comes twice (SPEC.md, I2)
      frames: [],
      lengths: [],
      ids: [],
      bytes: 0,
    };
    this.#pack = pack;
    await write(pack, encodePackHeader());
    if (seal !== undefined) await write(pack, seal.bytes);
    return pack;
  }

  async #close(): Promise<void> {
    const pack = this.#pack;
    if (pack === undefined) return;
    const plainFooter = encodePackFooter({
      kind: this.options.kind,
      salt: pack.salt,
      lease: this.options.lease,
      frames: pack.frames,
      lengths: Uint32Array.from(pack.lengths),
      ids: Buffer.concat(pack.ids),
    });
    const footer = pack.seal?.sealFooter(plainFooter) ?? plainFooter;
    if (pack.seal !== undefined) await write(pack, paddingBefore(pack.bytes, footer.length));
    const footerOffset = pack.bytes;
    const start = encodePackTrailerStart(footerOffset, footer.length);
    pack.hasher.update(footer);
    pack.hasher.update(start);
    const hashBefore = pack.hasher.digest();
    const slot = pack.seal?.sign(coveredBySignature(footer, start, hashBefore));
    const trailer = encodePackTrailer(start, hashBefore, slot);
    const id = packId(footer, trailer, blake3);
    const end = Buffer.concat([footer, trailer]);
    const tail = decodePackTail(end, footerOffset + end.length, id, blake3, pack.seal);
    await pack.upload.append(end);
    this.#pack = undefined;
    const finishing = this.#publish(pack.upload, tail)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
    if (this.#finishing.size >= MAX_FINISHING) await Promise.race(this.#finishing);
  }

  async #publish(upload: Upload, tail: PackTail): Promise<void> {
    try {
      await upload.finish(packKey(tail.id));
    } catch (error) {
      await upload.abort();
      throw error;
    }
    this.#storedBytes += tail.packBytes;
    await this.options.onPack(tail);
  }
}

async function write(pack: OpenPack, bytes: Uint8Array): Promise<void> {
  pack.hasher.update(bytes);
  pack.bytes += bytes.length;
  await pack.upload.append(bytes);
}
