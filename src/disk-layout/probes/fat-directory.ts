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

/** The first wanted entry in front of the mark that ends a directory. `isWanted` gets the place of an entry in its page. */
export async function findEntry(
  pages: AsyncIterable<Buffer>,
  isWanted: (page: Buffer, at: number) => boolean,
): Promise<Buffer | undefined> {
  for await (const page of pages) {
    for (let at = 0; at + ENTRY_BYTES <= page.length; at += ENTRY_BYTES) {
      if (page[at] === 0) return undefined;
      if (isWanted(page, at)) return page.subarray(at, at + ENTRY_BYTES);
    }
  }
  return undefined;
}

export async function* readChain(volume: Volume, chain: ClusterChain): AsyncGenerator<Buffer> {
  let cluster = chain.firstCluster;
  for (let i = 0; i < MAX_CLUSTERS && cluster >= FIRST_CLUSTER; i++) {
    yield* readPages(
      volume,
      chain.dataOffset + (cluster - FIRST_CLUSTER) * chain.clusterBytes,
      chain.clusterBytes,
    );
    const next = await volume.bytes(chain.tableOffset + cluster * 4, 4);
    if (!next) return;
    cluster = (next.readUInt32LE(0) & chain.mask) >>> 0;
  }
}

/** What can be read from one offset on, a page at a time. */
export async function* readPages(volume: Volume, offset: number, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; at += PAGE_BYTES) {
    const page = await volume.bytes(offset + at, Math.min(PAGE_BYTES, length - at));
    if (!page) return;
    yield page;
  }
}
