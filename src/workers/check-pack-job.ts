/**
 * Checks one pack, reading it once from its first byte to its last:
 *
 *   [1] footer and trailer against the pack's name   [2] header, frames and gaps against the trailer's hash
 *   [3] each frame decompressed, each entry against its id   [4] where [1] fails: what the frames hold all the same
 *
 * A spot that cannot be read costs the frame that it lies in.
 */
import { randomBytes } from 'node:crypto';
import {
  type Blake3,
  checkPackHeader,
  decodePackTail,
  type Frame,
  HASH_BYTES,
  heldBytes,
  PACK_HEADER_BYTES,
  PACK_MAX_BYTES,
  PACK_TAIL_BYTES,
  PACK_TRAILER_BYTES,
  type PackTail,
} from '../../store-format/layouts.js';
import { Vault } from '../encryption/vault.js';
import { errnoOf, messageOf } from '../errors.js';
import { type Blake3Stream, blake3, createBlake3Stream } from '../hashing/blake3.js';
import { ENTRY_KINDS } from '../packs/entry-kinds.js';
import { openedFrame } from './checked-frame.js';
import type { CheckPackJob, CheckPackResult, IoFailure } from './jobs.js';
import { PacedFile, Stopped } from './paced-file.js';
import { salvagePack } from './salvage-pack.js';

/** Gaps and other bytes that are only hashed are read in steps of this. */
const STEP_BYTES = 1024 * 1024;
/** The trailer's hash covers its own first bytes. */
const TRAILER_HASHED_BYTES = 40;

let storedBuffer = Buffer.alloc(0);

export function checkPack(job: CheckPackJob): CheckPackResult {
  let file: PacedFile | undefined;
  try {
    file = new PacedFile(job.source, job);
    return new PackCheck(job, file).check();
  } catch (error) {
    const nothing = { packBytes: file?.size ?? 0, entries: 0, bad: new Uint32Array(0) };
    if (error instanceof Stopped) return { ...nothing, stopped: true };
    return { ...nothing, failure: failureAt(error, 0) };
  } finally {
    file?.close();
  }
}

class PackCheck {
  readonly #bad: number[] = [];
  readonly #vault: Vault | undefined;
  readonly #entryHash: Blake3;
  #failure: IoFailure | undefined;

  constructor(
    private readonly job: CheckPackJob,
    private readonly file: PacedFile,
  ) {
    this.#vault = job.keyring && new Vault(job.keyring, randomBytes);
    this.#entryHash = this.#vault?.entryHash ?? blake3;
  }

  check(): CheckPackResult {
    const { file, job } = this;
    const tailBytes = Buffer.allocUnsafeSlow(Math.min(file.size, PACK_TAIL_BYTES));
    const read = this.#tryRead(file.size - tailBytes.length, tailBytes);
    if (read === undefined) return this.#result(0, undefined);
    let tail: PackTail;
    try {
      tail = decodePackTail(tailBytes.subarray(0, read), file.size, job.pack, blake3, this.#vault); // [1]
    } catch (error) {
      return this.#salvage(messageOf(error)); // [4]
    }
    const { lengths, ids, frames } = tail.footer;
    const idAt = (ordinal: number) => ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1));
    let fault = this.#checkBytes(tail, job.depth === 'decoded' ? idAt : undefined); // [2] [3]
    if (fault !== undefined && job.depth === 'stored') this.#checkBytes(tail, idAt);
    if (this.#bad.length > 0 && this.#failure === undefined) {
      const bad = `${this.#bad.length} of ${lengths.length} entries, in ${frames.length} frames,`;
      const isAsWritten = fault === undefined;
      fault = isAsWritten ? `${bad} never were what its footer claims` : `${bad} are not what was stored`;
    }
    return { ...this.#result(lengths.length, fault), ...(tail.signer && { signer: tail.signer }) };
  }

  #result(entries: number, fault: string | undefined): CheckPackResult {
    return {
      packBytes: this.file.size,
      entries,
      bad: Uint32Array.from(this.#bad),
      ...(fault !== undefined && this.#failure === undefined && { fault }),
      ...(this.#failure && { failure: this.#failure }),
    };
  }

  /**
   * Header, frames, gaps and footer in order, hashed as they come.
   *
   * @param idAt when entries are to be checked too
   * @returns what is wrong with the bytes
   */
  #checkBytes(tail: PackTail, idAt: ((ordinal: number) => Uint8Array) | undefined): string | undefined {
    this.#bad.length = 0;
    const hasher = createBlake3Stream();
    let at = 0;
    let ordinal = 0;
    for (const frame of tail.footer.frames) {
      this.#hashRange(hasher, at, frame.offset);
      const stored = this.#readFrame(frame);
      if (stored !== undefined) hasher.update(stored);
      if (idAt !== undefined) this.#checkEntries(frame, stored, tail.footer.lengths, ordinal, idAt);
      ordinal += frame.entries;
      at = frame.offset + heldBytes(frame);
    }
    this.#hashRange(hasher, at, this.file.size - PACK_TRAILER_BYTES + TRAILER_HASHED_BYTES);
    if (this.#failure !== undefined) return undefined;
    const isSame = Buffer.compare(hasher.digest(), tail.hashBefore) === 0;
    return isSame ? this.#headerFault() : 'its bytes are not those that were written';
  }

  #headerFault(): string | undefined {
    const header = Buffer.alloc(PACK_HEADER_BYTES);
    this.#tryRead(0, header);
    try {
      checkPackHeader(header);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  #hashRange(hasher: Blake3Stream, from: number, to: number): void {
    for (let at = from; at < to; at += STEP_BYTES) {
      const bytes = Buffer.allocUnsafe(Math.min(STEP_BYTES, to - at));
      const count = this.#tryRead(at, bytes);
      if (count !== undefined) hasher.update(bytes.subarray(0, count));
    }
  }

  /** @returns undefined when it cannot be read */
  #readFrame(frame: Pick<Frame, 'offset' | 'storedBytes' | 'seal'>): Buffer | undefined {
    const length = heldBytes(frame);
    if (storedBuffer.length < length) storedBuffer = Buffer.allocUnsafeSlow(length);
    const bytes = storedBuffer.subarray(0, length);
    const count = this.#tryRead(frame.offset, bytes);
    return count === undefined ? undefined : bytes.subarray(0, count);
  }

  #tryRead(offset: number, out: Buffer): number | undefined {
    try {
      return this.file.read(offset, out);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      this.#failure ??= failureAt(error, offset);
      return undefined;
    }
  }

  #checkEntries(
    frame: Frame,
    stored: Buffer | undefined,
    lengths: Uint32Array,
    first: number,
    idAt: (ordinal: number) => Uint8Array,
  ): void {
    const plain = stored && openedFrame(frame, stored)?.plain;
    const { idOf } = ENTRY_KINDS[frame.kind];
    let offset = 0;
    for (let i = first; i < first + frame.entries; i++) {
      const bytes = plain?.subarray(offset, offset + lengths[i]!);
      offset += lengths[i]!;
      if (bytes === undefined || Buffer.compare(idOf(bytes, this.#entryHash), idAt(i)) !== 0)
        this.#bad.push(i);
    }
  }

  #salvage(fault: string): CheckPackResult {
    const bytes = Buffer.allocUnsafeSlow(Math.min(this.file.size, PACK_MAX_BYTES + PACK_TAIL_BYTES));
    const count = this.#tryRead(0, bytes);
    const salvaged = count === undefined ? undefined : salvagePack(bytes.subarray(0, count), this.#vault);
    const result = this.#result(salvaged?.lengths.length ?? 0, fault);
    return salvaged === undefined ? result : { ...result, salvaged };
  }
}

function failureAt(error: unknown, offset: number): IoFailure {
  return { errno: errnoOf(error) ?? 'EIO', message: messageOf(error), offset };
}
