/** What two images share, and where they differ. */
import {
  appendExtent,
  type Extent,
  HASH_BYTES,
  type Partition,
  SEGMENT_BYTES,
} from '../../store-format/index.js';
import { EntrySet } from '../contents/entry-set.js';
import type { Segment } from '../contents/image-contents.js';
import { type OpenContents, type OpenImages, openContents } from '../contents/open-contents.js';
import { partitionAt } from '../disk-layout/index.js';
import type { Engine } from '../engine/engine.js';
import type { DiffResult, OperationOptions, PartitionDifference } from '../interface.js';
import { visitChunks, type WalkSettings } from './image-entries.js';
import { countSteadily } from './steady-count.js';

const MAX_RANGES = 10_000;

export async function diff(
  engine: Engine,
  a: string,
  b: string,
  options: OperationOptions,
): Promise<DiffResult> {
  const open = await openContents(engine, [a, b], options);
  try {
    const [first, second] = open.images as [OpenContents, OpenContents];
    const { signal } = options;
    const shares = await countSteadily(open, (renew) => compareChunks(open, { signal, renew }));
    const ranges = await differingRanges(first, second, { signal, renew: () => open.renew() });
    const differentBytes = ranges.reduce((sum, { length }) => sum + length, 0);
    const size = Math.max(first.contents.size, second.contents.size);
    return {
      a: first.image,
      b: second.image,
      ...shares,
      sameBytes: size - differentBytes,
      differentBytes,
      ranges: ranges.slice(0, MAX_RANGES),
      partitions: byPartition(first, second, ranges),
    };
  } finally {
    await open.release();
  }
}

async function compareChunks(
  { catalog, images }: OpenImages,
  settings: WalkSettings,
): Promise<Pick<DiffResult, 'sharedBytes' | 'onlyABytes' | 'onlyBBytes'>> {
  const [a, b] = images as [OpenContents, OpenContents];
  const inA = new EntrySet();
  const inB = new EntrySet();
  let bytesA = 0;
  let bytesB = 0;
  let sharedBytes = 0;
  await visitChunks(a, catalog, settings, (footer, ordinal) => {
    if (inA.add(footer, ordinal)) bytesA += footer.lengths[ordinal]!;
  });
  await visitChunks(b, catalog, settings, (footer, ordinal) => {
    if (!inB.add(footer, ordinal)) return;
    bytesB += footer.lengths[ordinal]!;
    if (inA.has(footer.pack, ordinal)) sharedBytes += footer.lengths[ordinal]!;
  });
  return { sharedBytes, onlyABytes: bytesA - sharedBytes, onlyBBytes: bytesB - sharedBytes };
}

/** Ascending and apart. What one image has beyond the end of the other differs. */
async function differingRanges(
  a: OpenContents,
  b: OpenContents,
  { signal, renew }: WalkSettings,
): Promise<readonly Extent[]> {
  const ranges: Extent[] = [];
  const common = Math.min(a.contents.segmentCount, b.contents.segmentCount);
  for (let number = 0; number < common; number++) {
    signal?.throwIfAborted();
    await renew();
    const [rowA, rowB] = [await a.contents.row(number), await b.contents.row(number)];
    if (rowA.recipeId.equals(rowB.recipeId)) continue;
    compareSegments(await a.contents.segment(number), await b.contents.segment(number), ranges);
  }
  const end = Math.max(a.contents.size, b.contents.size);
  const from = Math.min(common * SEGMENT_BYTES, end);
  if (from < end) appendExtent(ranges, { offset: from, length: end - from });
  return ranges;
}

/** Walks both segments from cut to cut: what starts at the same place with the same id or both as a hole is equal. */
function compareSegments(a: Segment, b: Segment, ranges: Extent[]): void {
  const piecesA = piecesOf(a);
  const piecesB = piecesOf(b);
  const length = Math.max(a.length, b.length);
  const shorter = Math.min(a.length, b.length);
  let i = 0;
  let j = 0;
  for (let at = 0; at < shorter; ) {
    while (piecesA[i]!.end <= at) i++;
    while (piecesB[j]!.end <= at) j++;
    const [x, y] = [piecesA[i]!, piecesB[j]!];
    const end = Math.min(x.end, y.end);
    const bothHoles = x.id === undefined && y.id === undefined;
    const sameChunk = x.id !== undefined && x.start === y.start && x.id === y.id;
    if (!bothHoles && !sameChunk) appendExtent(ranges, { offset: a.offset + at, length: end - at });
    at = end;
  }
  if (shorter < length) appendExtent(ranges, { offset: a.offset + shorter, length: length - shorter });
}

interface Piece {
  readonly start: number;
  readonly end: number;
  /** Undefined for a hole. */
  readonly id?: string;
}

function piecesOf({ recipe }: Segment): Piece[] {
  const pieces: Piece[] = [];
  const { holes, offsets, lengths } = recipe;
  const ids = Buffer.from(recipe.ids.buffer, recipe.ids.byteOffset, recipe.ids.byteLength);
  for (let h = 0; h < holes.length; h += 2) pieces.push({ start: holes[h]!, end: holes[h]! + holes[h + 1]! });
  for (let i = 0; i < lengths.length; i++) {
    const id = ids.toString('latin1', HASH_BYTES * i, HASH_BYTES * (i + 1));
    pieces.push({ start: offsets[i]!, end: offsets[i]! + lengths[i]!, id });
  }
  return pieces.sort((x, y) => x.start - y.start);
}

/** Sums by the partitions of the first image, then by what lies outside of all of them. */
function byPartition(a: OpenContents, b: OpenContents, ranges: readonly Extent[]): PartitionDifference[] {
  const layout = a.image.layout.partitions.length > 0 ? a.image.layout : b.image.layout;
  const sums = new Map<Partition | undefined, { bytes: number; ranges: number }>();
  for (const partition of layout.partitions) sums.set(partition, { bytes: 0, ranges: 0 });
  for (const range of ranges) {
    for (const { partition, length } of splitAtPartitions(layout, range)) {
      const sum = sums.get(partition) ?? { bytes: 0, ranges: 0 };
      sums.set(partition, { bytes: sum.bytes + length, ranges: sum.ranges + 1 });
    }
  }
  return [...sums].map(([partition, sum]) => ({
    ...(partition === undefined ? {} : { partition: partition.number }),
    ...(partition?.name === undefined ? {} : { name: partition.name }),
    ...(partition?.fileSystem === undefined ? {} : { fileSystem: partition.fileSystem.type }),
    differentBytes: sum.bytes,
    ranges: sum.ranges,
  }));
}

function* splitAtPartitions(layout: OpenContents['image']['layout'], { offset, length }: Extent) {
  const edges = layout.partitions.flatMap((partition) => [
    partition.offset,
    partition.offset + partition.size,
  ]);
  const inside = edges.filter((edge) => edge > offset && edge < offset + length).sort((x, y) => x - y);
  let at = offset;
  for (const edge of [...inside, offset + length]) {
    if (edge > at) yield { partition: partitionAt(layout, at), length: edge - at };
    at = edge;
  }
}
