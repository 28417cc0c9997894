/** Images and disks compared. */
import type { Extent } from '../../store-format/index.js';
import type { Image } from './image.js';

export interface PartitionDifference {
  /** Number in the partition table; undefined for what lies outside of all partitions. */
  readonly partition?: number;
  readonly name?: string;
  readonly fileSystem?: string;
  readonly differentBytes: number;
  readonly ranges: number;
}

export interface DiffResult {
  readonly a: Image;
  readonly b: Image;
  /** Plain bytes of distinct chunks: in both, in one alone. */
  readonly sharedBytes: number;
  readonly onlyABytes: number;
  readonly onlyBBytes: number;
  /** Bytes at the same offset that are equal in both (holes included), and that are not. */
  readonly sameBytes: number;
  readonly differentBytes: number;
  /** Where they differ, to the edges of chunks; at most 10,000, the rest is in the sums. */
  readonly ranges: readonly Extent[];
  readonly partitions: readonly PartitionDifference[];
}

export interface DigestResult {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
  readonly sha256?: string;
  readonly seconds: number;
}
