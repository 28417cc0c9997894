/** Names the place of a byte: differences between two images are told by partition. */

import type { DiskLayout, Partition } from '../../store-format/disk-layout.js';

/** The partition that holds the byte at `offset`; of nested ones (a logical partition in its box) the innermost. */
export function partitionAt(layout: DiskLayout, offset: number): Partition | undefined {
  return layout.partitions
    .filter((partition) => offset >= partition.offset && offset < partition.offset + partition.size)
    .reduce<Partition | undefined>(
      (inner, next) => (inner && inner.size <= next.size ? inner : next),
      undefined,
    );
}
