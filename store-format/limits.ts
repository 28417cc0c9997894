/**
 * The numbers that every reader and writer of a store shares (SPEC.md, "Limits").
 * A value beyond a limit is rejected by the decoder, so that foreign bytes cannot ask for unbounded memory.
 */
export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Format "0.n": any change of bytes raises n, and no other n is read. */
export const FORMAT_VERSION = 1;

export const HASH_BYTES = 32;
export const LEASE_ID_BYTES = 16;

/** Holes start on this grid of the image. */
export const BLOCK_BYTES = 4 * KIB;
/** Chunks never cross the edge of a segment. */
export const SEGMENT_BYTES = MIB;
/** Rows of a manifest page: 256 segments, so one page covers 256 MiB. */
export const PAGE_ROWS = 256;

/** A writer closes a pack when the next frame would pass one of these; the bytes are header, frames and padding. */
export const PACK_MAX_BYTES = 64 * MIB;
export const PACK_MAX_ENTRIES = 16_384;
export const PACK_MAX_FRAMES = 1_024;
/** Fewer in a sealed pack: its footer is padded, and must be had by one read all the same. */
export const SEALED_PACK_MAX_FRAMES = 512;

/** One read of this many bytes at a pack's end holds footer and trailer of any legal pack: 647,408 at most. */
export const PACK_TAIL_BYTES = 640 * KIB;

/** Plain bytes of one frame; also bounds what a reader allocates to decompress it. */
export const FRAME_MAX_BYTES = 16 * MIB;

/** Manifests of images up to 1 EiB would be larger: 64 TiB is what version 0 promises to read. */
export const MANIFEST_MAX_PAGES = 262_144;
export const MANIFEST_MAX_ATTACHMENTS = 1_024;
export const HEADER_MAX_BYTES = 4 * MIB;
/** What does not fit one record is spread over several. */
export const RECORD_MAX_BYTES = 16 * MIB;
export const EXTENTS_MAX = 1_000_000;
export const NAME_MAX_BYTES = 255;
export const SKETCH_MAX_SAMPLES = 64;
