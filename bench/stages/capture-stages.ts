/**
 * A cold capture on one thread, stage by stage, into a store of its own: [1] read and scan each span, [2] new chunks into
 * frames and packs, [3] packs into the index. The look-ups are timed apart: they need a store that knows the image.
 */

import { createChunker } from '../../src/chunking/scan-segment.js';
import { settingValue } from '../../src/engine/settings.js';
import { systemEnvironment } from '../../src/environment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import { HASH_BYTES, type LeaseId, PackKind, type PackTail, toHex } from '../../store-format/index.js';
import type { SourceImage } from '../tool.js';
import { FrameStages, type NewChunk } from './frame-stages.js';
import { readSpans } from './image-spans.js';
import { type ScannedSegment, scanSpan } from './scan-stages.js';
import type { StageMeter } from './stage-meter.js';
import type { StageStore } from './stage-store.js';

/** Where an image's data lies, and under which ids. */
export interface SegmentChunks {
  /** Byte offset in the image. */
  readonly offset: number;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly ids: Buffer;
}

export interface CaptureTrace {
  readonly segments: readonly SegmentChunks[];
  readonly newBytes: number;
  readonly storedBytes: number;
}

export async function runCaptureStages(
  image: SourceImage,
  store: StageStore,
  meter: StageMeter,
  onFrame: (plain: Uint8Array) => void,
): Promise<CaptureTrace> {
  const chunker = createChunker(store.chunker, blake3);
  const tails: PackTail[] = [];
  const environment = systemEnvironment();
  const writer = new PackWriter({
    objects: store.objects,
    environment,
    kind: PackKind.data,
    lease: toHex(environment.random(16)) as LeaseId,
    onPack: async (tail) => void tails.push(tail),
  });
  const level = settingValue(store.config, 'level');
  const frameBytes = settingValue(store.config, 'frameBytes');
  const frames = new FrameStages({ writer, level, frameBytes, onFrame }, meter);
  const met = new Set<string>();
  const segments: SegmentChunks[] = [];
  let newBytes = 0;
  for await (const span of readSpans(image.path, meter)) {
    const scanned = scanSpan(span, chunker, meter); // [1]
    const news = newChunks(scanned, met);
    newBytes += news.reduce((sum, { bytes }) => sum + bytes.length, 0);
    await frames.add(news); // [2]
    segments.push(...scanned.map(toChunks));
  }
  await frames.flush();
  await meter.timeAsync('write packs', () => writer.finish());
  const catalog = await store.openCatalog();
  await meter.timeAsync('index packs', async () => {
    for (const tail of tails) await catalog.addOwn(tail); // [3]
  });
  return { segments, newBytes, storedBytes: writer.storedBytes };
}

function newChunks(scanned: readonly ScannedSegment[], met: Set<string>): readonly NewChunk[] {
  const found: NewChunk[] = [];
  for (const { bytes, recipe } of scanned) {
    for (let i = 0; i < recipe.lengths.length; i++) {
      const id = recipe.ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1));
      const key = Buffer.from(id).toString('latin1');
      if (met.has(key)) continue;
      met.add(key);
      found.push({ id, bytes: bytes.subarray(recipe.offsets[i]!, recipe.offsets[i]! + recipe.lengths[i]!) });
    }
  }
  return found;
}

function toChunks({ offset, recipe }: ScannedSegment): SegmentChunks {
  const { offsets, lengths, ids } = recipe;
  return { offset, offsets, lengths, ids: Buffer.from(ids) };
}
