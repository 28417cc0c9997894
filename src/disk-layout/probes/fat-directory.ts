/**
 * Walks the root directory of a FAT32 or exFAT volume, cluster by cluster, or the fixed one of FAT12 and FAT16. The chain
 * of clusters is foreign: it is followed for MAX_CLUSTERS at most, and the volume's budget of pages ends it earlier.
 */

import { PAGE_BYTES, type Volume } from '../disk-bytes.js';

export const ENTRY_BYTES = 32;
/** As blkid: who has no label in the first hundred clusters has none. */
const MAX_CLUSTERS = 100;
const FIRST_CLUSTER = 2;

export interface ClusterChain {
  readonly firstCluster: number;
  readonly clusterBytes: number;
  /** Of the allocation table, whose entries have four bytes each. */
  readonly tableOffset: number;
  /** Where cluster 2 starts. */
  readonly dataOffset: number;
  /** The bits of a table entry that count: 28 of FAT32's, all of exFAT's. */
  readonly mask: number;
}

/** The entries of a directory in clusters, up to the mark that ends it. */
export async function* readChainedEntries(volume: Volume, chain: ClusterChain): AsyncGenerator<Buffer> {
  let cluster = chain.firstCluster;
  for (let i = 0; i < MAX_CLUSTERS && cluster >= FIRST_CLUSTER; i++) {
    const offset = chain.dataOffset + (cluster - FIRST_CLUSTER) * chain.clusterBytes;
    for await (const entry of readEntries(volume, offset, chain.clusterBytes)) {
      if (entry[0] === 0) return;
      yield entry;
    }
    const next = await volume.bytes(chain.tableOffset + cluster * 4, 4);
    if (!next) return;
    cluster = (next.readUInt32LE(0) & chain.mask) >>> 0;
  }
}

/** All entries between two offsets, or those that can be read. */
export async function* readEntries(volume: Volume, offset: number, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; at += PAGE_BYTES) {
    const piece = await volume.bytes(offset + at, Math.min(PAGE_BYTES, length - at));
    if (!piece) return;
    for (let i = 0; i + ENTRY_BYTES <= piece.length; i += ENTRY_BYTES)
      yield piece.subarray(i, i + ENTRY_BYTES);
  }
}
