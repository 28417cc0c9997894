import { CHUNKER_DOMAIN, hashInDomain } from './domains.js';
import { type Blake3, toHex } from './ids.js';
import { SEGMENT_BYTES } from './limits.js';

/**
 * How a store cuts images. Two stores with equal parameters cut equal bytes into equal recipes; the fingerprint
 * stands in every recipe, so recipes of different parameters are never taken for one another.
 */
export interface ChunkerParameters {
  readonly algorithm: 'fastcdc' | 'fastcdc-keyed';
  /** No chunk but the last of a data run is shorter; hashing starts here. */
  readonly minBytes: number;
  /** A power of two: where the easier mask takes over. */
  readonly averageBytes: number;
  readonly maxBytes: number;
  /** The smallest hole, in blocks of 4 KiB. */
  readonly holeBlocks: number;
  /** 64 hex digits: key of the gear table. */
  readonly gearSeed: string;
}

/** What a config says: where the seed follows from a key, it is not said. */
export type StoredChunker = Omit<ChunkerParameters, 'gearSeed'> &
  Partial<Pick<ChunkerParameters, 'gearSeed'>>;

export const CHUNKER_FINGERPRINT_BYTES = 8;

/** The text whose hash is the fingerprint: every parameter, in this order. */
export function chunkerText(p: ChunkerParameters): string {
  return `${p.algorithm} min=${p.minBytes} avg=${p.averageBytes} max=${p.maxBytes} hole=${p.holeBlocks} segment=${SEGMENT_BYTES} gear=${p.gearSeed}`;
}

/** 16 hex digits: the first 8 bytes of BLAKE3(domain ‖ text). */
export function chunkerFingerprint(blake3: Blake3, p: ChunkerParameters): string {
  const hash = hashInDomain(blake3, CHUNKER_DOMAIN, Buffer.from(chunkerText(p), 'latin1'));
  return toHex(hash.subarray(0, CHUNKER_FINGERPRINT_BYTES));
}
