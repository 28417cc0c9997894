/**
 * What workers are asked to do, as plain values that cross threads. Bulk bytes stay in shared memory; only columns
 * and verdicts travel. Failures of reading and writing are values: an error would lose its code on the way.
 */
import type {
  ChunkerParameters,
  Extent,
  FrameCodec,
  FrameSeal,
  PackFooter,
  PackId,
} from '../../store-format/index.js';
import type { Keyring } from '../encryption/keyring.js';

export interface IoFailure {
  readonly errno: string;
  readonly message: string;
  /** Byte offset in the source or target. */
  readonly offset: number;
}

/** A run of a disk's bytes: to be read from an open file, or already in the shared memory. */
export interface SpanBytes {
  readonly memory: SharedArrayBuffer;
  readonly length: number;
  readonly file?: {
    readonly fd: number;
    /** Byte offset of the run in the file; a multiple of the segment size. */
    readonly offset: number;
    /** What to do about sectors that cannot be read. */
    readonly onReadError: 'fail' | 'zero';
    readonly sectorSize: number;
    /**
     * Pairs (start, length) of what to read, from the run's start; the rest are holes that the file system knows.
     * All of it when absent.
     */
    readonly extents?: readonly number[];
    /** Between the extents stands what the memory holds, instead of zeros. */
    readonly keepGaps?: boolean;
  };
}

export interface ScanJob extends SpanBytes {
  readonly chunker: ChunkerParameters;
  /** Of a store with keys: what ids follow from. */
  readonly entryKey?: Uint8Array;
  /** The segments to scan, with what is known of them; all when absent. */
  readonly segments?: readonly SegmentToScan[];
}

export interface SegmentToScan {
  /** Which segment of the span. */
  readonly number: number;
  /** BLAKE3 of its plain bytes. */
  readonly digest: Uint8Array;
  /** Recipe of the same segment of an earlier image, by the same chunker. */
  readonly parent?: Uint8Array;
}

export interface ScanResult {
  /** Per segment: its length, the length of its recipe, and 1 when all of it is zero. */
  readonly segments: Uint32Array;
  /** Per segment: recipe id (32), segment digest (32), recipe. */
  readonly bytes: Uint8Array;
  readonly badRanges: readonly Extent[];
  readonly failure?: IoFailure;
}

export interface HashResult {
  /** 32 bytes per segment. */
  readonly digests: Uint8Array;
  readonly badRanges: readonly Extent[];
  readonly failure?: IoFailure;
}

/** Bytes to be compressed as one frame: pairs (offset, length) in the memory, ascending. */
export interface FramePlan {
  readonly pieces: readonly number[];
}

export interface CompressJob {
  readonly memory: SharedArrayBuffer;
  /** Each lies behind the one before. */
  readonly frames: readonly FramePlan[];
  readonly level: number;
}

/** A frame's stored bytes: they took the place of its plain bytes. */
export interface CompressedFrame {
  readonly codec: FrameCodec;
  /** Byte offset of the stored bytes in the memory. */
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  /** BLAKE3 of the stored bytes. */
  readonly hash: Uint8Array;
}

export interface FetchFrame {
  /** File of the pack or seed, or the frame's stored bytes themselves. */
  readonly source: string | Uint8Array;
  /** Why they could not be read, where they should stand here. */
  readonly failure?: string;
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  readonly codec: FrameCodec;
  /** Of a sealed pack: what stands in it is opened with this, and the stored bytes come out. */
  readonly seal?: FrameSeal;
  /** How many of the pieces are its. */
  readonly pieces: number;
}

/** Where the pieces go: nowhere (they are checked only), into an open file, or into shared memory. */
export type FetchTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly fd: number }
  /** An open file or device of which only the 4 KiB blocks that differ are written. */
  | { readonly kind: 'differences'; readonly fd: number }
  | { readonly kind: 'memory'; readonly memory: SharedArrayBuffer };

export interface FetchJob {
  readonly frames: readonly FetchFrame[];
  /** One row per piece, frame by frame: byte offset in the frame's plain bytes, length, and offset in the target. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly targets: Float64Array;
  /** 32 bytes per piece. */
  readonly ids: Uint8Array;
  readonly target: FetchTarget;
  /** Of a store with keys: what ids follow from. */
  readonly entryKey?: Uint8Array;
  /** Keep decompressed frames for the jobs to come: they are likely to need them again. */
  readonly keepFrames: boolean;
}

/** Why a piece could not be had. */
export interface WhyBad {
  readonly reason: string;
  /** Reading failed: what is bad may be good tomorrow. */
  readonly isUnreadable: boolean;
}

export interface FetchResult {
  readonly writtenBytes: number;
  /** Frame by frame. */
  readonly bad: readonly ({ readonly piece: number } & WhyBad)[];
  /** The target failed. */
  readonly failure?: IoFailure;
}

export interface ClearJob {
  readonly fd: number;
  /** Pairs (offset, length). */
  readonly ranges: Float64Array;
}

export interface ClearResult {
  /** Bytes that had to be written as zeros. */
  readonly writtenBytes: number;
  readonly failure?: IoFailure;
}

/** A run of a target's bytes, to be compared with the segments that should stand there. */
export interface CompareJob {
  readonly memory: SharedArrayBuffer;
  readonly length: number;
  /** How many of them the target has; the others count as zeros. */
  readonly heldBytes: number;
  readonly file: NonNullable<SpanBytes['file']>;
  /** 32 bytes per segment. */
  readonly digests: Uint8Array;
}

export interface CompareResult {
  /** Per segment: 1 when the target holds it. */
  readonly same: Uint8Array;
  /** What could not be read, counted from the start of the run. */
  readonly badRanges: readonly Extent[];
  readonly failure?: IoFailure;
}

/** A closer look at what `compare` left in the memory. Pairs (offset, length) count from the memory's start. */
export interface CompareChunksJob {
  readonly memory: SharedArrayBuffer;
  readonly badRanges: readonly Extent[];
  readonly chunks: Uint32Array;
  /** Of a store with keys: what ids follow from. */
  readonly entryKey?: Uint8Array;
  /** 32 bytes per chunk. */
  readonly ids: Uint8Array;
  readonly holes: Uint32Array;
}

export interface CompareChunksResult {
  /** Per chunk: 1 when the target holds it. */
  readonly same: Uint8Array;
  /** Pairs (offset, length): runs of whole blocks in the holes that are not zero. */
  readonly dirty: Uint32Array;
}

export interface CheckPackJob {
  readonly pack: PackId;
  /** File of the pack, or its bytes. */
  readonly source: string | Uint8Array;
  /**
   * stored: every byte against the trailer's hash, frames only where that differs; decoded: every entry decoded and
   * hashed too.
   */
  readonly depth: 'stored' | 'decoded';
  /** Of a store with keys. */
  readonly keyring?: Keyring;
  /** Bytes read per second at most. */
  readonly bytesPerSecond?: number | undefined;
  /** One 32-bit word: the job ends soon after it is not 0 any more. */
  readonly stop: SharedArrayBuffer;
}

export interface CheckPackResult {
  /** Length of the file. */
  readonly packBytes: number;
  /** Entries that the footer lists. */
  readonly entries: number;
  /** Public key of whoever signed it, in a store with keys. */
  readonly signer?: string;
  /** What is not as it was written, or never was as it says; absent for a sound pack. */
  readonly fault?: string;
  /** Ordinals of entries that cannot be had. */
  readonly bad: Uint32Array;
  /** Of a pack whose footer is not the one that its name promises: what its frames hold, with ids made from the bytes. */
  readonly salvaged?: Omit<PackFooter, 'salt' | 'lease'>;
  /** Reading failed: what is bad may be good tomorrow. */
  readonly failure?: IoFailure;
  /** Ended by `stop`: the rest says nothing. */
  readonly stopped?: true;
}

/** Does jobs, `parallelism` at a time. Implemented by threads, and in the same thread for simulations. */
export interface Workers {
  readonly parallelism: number;
  /** Jobs will come soon: what takes a while to start may start now. */
  prepare(): void;
  /** Finds holes, cuts and hashes. */
  scan(job: ScanJob): Promise<ScanResult>;
  /** Hashes segments. */
  hash(job: SpanBytes): Promise<HashResult>;
  /** Compresses frames where they stand. */
  compress(job: CompressJob): Promise<readonly CompressedFrame[]>;
  /** Decompresses frames, checks pieces by their ids, and puts them where they belong. */
  fetch(job: FetchJob): Promise<FetchResult>;
  /** Makes ranges of a target read as zeros. */
  clear(job: ClearJob): Promise<ClearResult>;
  /** Reads what a target holds and settles segments by their digests. */
  compare(job: CompareJob): Promise<CompareResult>;
  /** Tells which chunks and holes of segments that differ are right. */
  compareChunks(job: CompareChunksJob): Promise<CompareChunksResult>;
  /** Reads a pack and checks it: its bytes, its frames, its entries. */
  checkPack(job: CheckPackJob): Promise<CheckPackResult>;
  close(): Promise<void>;
}
