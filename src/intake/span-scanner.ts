/**
 * Spans to scanned segments, by the workers. Without a parent a span is read, cut and hashed in one go. With one,
 * [1] its segments are hashed whole; [2] those that equal the parent's are settled; [3] the others are cut, with the
 * parent's recipes as guesses.
 */
import { type Extent, HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import { createChunker, scanZeroSegment } from '../chunking/scan-segment.js';
import { type DiskSource, sourceFailed } from '../disks/disk-source.js';
import type { Span } from '../disks/spans.js';
import type { Engine } from '../engine/engine.js';
import { blake3 } from '../hashing/blake3.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { ScanResult, SegmentToScan, SpanBytes, Workers } from '../workers/jobs.js';
import type { Parent, ParentRow } from './parent.js';
import { sameBytes } from './parent-image.js';
import type { FoundSegment, ScannedSegment } from './scanned-segment.js';

export interface SpanScan {
  readonly segments: readonly ScannedSegment[];
  readonly badRanges: readonly Extent[];
}

export class SpanScanner {
  readonly #chunker;

  constructor(
    private readonly source: DiskSource,
    private readonly workers: Workers,
    { chunker, entryHash }: Pick<Engine, 'chunker' | 'entryHash'>,
    private readonly parent: Parent | undefined,
  ) {
    this.#chunker = createChunker(chunker, blake3, entryHash);
  }

  /** @throws source-unreadable, source-shrank */
  async scan(span: Span): Promise<SpanScan> {
    if (span.unchanged) return { segments: await this.#settleUnread(span), badRanges: [] };
    if (span.bytes === undefined) return { segments: await this.#scanHole(span), badRanges: [] };
    if (this.parent === undefined) return this.#scanBytes(span, span.bytes);
    return this.#scanWithParent(span, span.bytes, this.parent);
  }

  async #scanBytes(span: Span, bytes: SpanBytes): Promise<SpanScan> {
    const result = await this.workers.scan({ ...bytes, chunker: this.#chunker.parameters });
    if (result.failure !== undefined) throw sourceFailed(this.source, result.failure);
    const places = segmentsOf(span);
    return { segments: unpack(result, places), badRanges: result.badRanges };
  }

  async #scanWithParent(span: Span, bytes: SpanBytes, parent: Parent): Promise<SpanScan> {
    const { digests, badRanges, failure } = await this.workers.hash(bytes); // [1]
    if (failure !== undefined) throw sourceFailed(this.source, failure);
    const places = segmentsOf(span);
    const rows = await parent.rows(places[0]!.number, places.length);
    const segments: (ScannedSegment | undefined)[] = [];
    const toScan: (SegmentToScan & { readonly replaces: Buffer | undefined })[] = [];
    for (const [i, place] of places.entries()) {
      const digest = digests.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1));
      const row = rows[i];
      const isBelieved = row !== undefined && parent.isBelieved;
      const settled = isBelieved
        ? (settle(place, digest, row, parent) ?? (await adopt(place, digest, row, parent))) // [2]
        : undefined;
      segments.push(settled);
      if (settled !== undefined) continue;
      const replaces = row && (await parent.recipeBytes(row.recipeId));
      toScan.push({ number: i, digest, replaces, ...(replaces && { parent: Uint8Array.from(replaces) }) });
    }
    if (toScan.length > 0) {
      const { memory, length } = bytes;
      const jobs = toScan.map(({ replaces: _, ...job }) => job);
      const result = await this.workers.scan({
        memory,
        length,
        chunker: this.#chunker.parameters,
        segments: jobs,
      }); // [3]
      const cut = unpack(
        result,
        toScan.map(({ number }) => places[number]!),
      );
      for (const [i, { number, replaces }] of toScan.entries()) {
        segments[number] = { ...cut[i]!, ...(replaces && { replaces }) };
      }
    }
    return { segments: segments as ScannedSegment[], badRanges };
  }

  async #settleUnread(span: Span): Promise<readonly ScannedSegment[]> {
    const segments: ScannedSegment[] = [];
    for (const place of segmentsOf(span)) {
      const row = await this.parent!.requireRow(place.number);
      segments.push({ kind: 'settled', ...place, ...row });
    }
    return segments;
  }

  /** A hole's recipes follow from its length. */
  async #scanHole(span: Span): Promise<readonly ScannedSegment[]> {
    const segments: ScannedSegment[] = [];
    const places = segmentsOf(span);
    const rows = (await this.parent?.rows(places[0]!.number, places.length)) ?? [];
    for (const [i, place] of places.entries()) {
      const row = rows[i];
      const settled = row && settle(place, zeroDigest(place.length), row, this.parent!);
      segments.push(settled ?? (await this.#zeroSegment(place, row)));
    }
    return segments;
  }

  async #zeroSegment(place: Place, row: ParentRow | undefined): Promise<FoundSegment> {
    const { recipe, digest } = scanZeroSegment(place.length, this.#chunker);
    const replaces = row && (await this.parent!.recipeBytes(row.recipeId));
    const recipeId = Buffer.from(recipe.id);
    return { kind: 'found', ...place, recipeId, digest, recipe: recipe.bytes, ...(replaces && { replaces }) };
  }
}

/** Where a segment lies: its number and length, and the offset of its bytes in the span's memory. */
interface Place {
  readonly number: number;
  readonly length: number;
  readonly offset: number;
}

function segmentsOf(span: Span): Place[] {
  const places: Place[] = [];
  for (let offset = 0; offset < span.length; offset += SEGMENT_BYTES) {
    const number = (span.offset + offset) / SEGMENT_BYTES;
    places.push({ number, length: Math.min(SEGMENT_BYTES, span.length - offset), offset });
  }
  return places;
}

/** @returns undefined where the segment is not the parent's, or the parent is not trusted */
function settle(
  place: Place,
  digest: Uint8Array,
  row: ParentRow,
  parent: Parent,
): ScannedSegment | undefined {
  if (!parent.trusted || !sameBytes(digest, row.digest)) return undefined;
  return { kind: 'settled', ...place, ...row, digest };
}

/** Equal to a parent that is not trusted: nothing need be cut, but all is looked up. */
async function adopt(
  place: Place,
  digest: Uint8Array,
  { recipeId, digest: parentDigest }: ParentRow,
  parent: Parent,
): Promise<ScannedSegment | undefined> {
  if (!sameBytes(digest, parentDigest)) return undefined;
  const recipe = await parent.recipeBytes(recipeId);
  return recipe && { kind: 'found', ...place, recipeId, digest, recipe, replaces: recipe };
}

function unpack({ segments, bytes }: ScanResult, places: readonly Place[]): FoundSegment[] {
  const columns = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return places.map((place, i) => {
    const recipeAt = at + 2 * HASH_BYTES;
    const recipe = columns.subarray(recipeAt, recipeAt + segments[3 * i + 1]!);
    const recipeId = columns.subarray(at, at + HASH_BYTES);
    const digest = columns.subarray(at + HASH_BYTES, recipeAt);
    at = recipeAt + recipe.length;
    return { kind: 'found', ...place, recipeId, digest, recipe };
  });
}
