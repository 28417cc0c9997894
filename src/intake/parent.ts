/** The image that a capture is predicted from, as far as the capture can know it. */
import type { DiskLayout, ManifestHeader, PackId, SketchSample } from '../../store-format/index.js';
import type { Row } from '../contents/image-contents.js';
import type { SegmentFacts } from '../memory/own-image.js';

/** What the parent has in a segment's place. */
export interface ParentRow extends Row {
  /** What the segment holds, where that is known without its recipe. */
  readonly holds?: SegmentFacts;
}

export interface ParentHeader {
  readonly pubId: string;
  readonly imageId: string;
  readonly name: string;
  readonly size: number;
  readonly digest: string;
  readonly layout: DiskLayout;
  readonly badBytes: number;
  readonly sketch?: readonly SketchSample[] | undefined;
  /** Absent where rows say what they hold. */
  readonly stats?: Pick<ManifestHeader['stats'], 'zeroBytes' | 'chunks'>;
}

export interface Parent {
  readonly header: ParentHeader;
  readonly segmentCount: number;
  /** Packs that hold all of it; undefined where that is not known, or where one of them is gone or damaged. */
  readonly packs: ReadonlySet<PackId> | undefined;
  /**
   * Its rows tell the truth: equal digests mean equal recipes. What a machine says that may only write is true for that
   * machine alone: to others its recipes are guesses, each chunk of which is hashed.
   */
  readonly isBelieved: boolean;
  /** A segment that equals the parent's needs no look-up. */
  readonly trusted: boolean;
  /** @returns undefined behind the parent's end, and for what cannot be read */
  row(number: number): Promise<ParentRow | undefined>;
  /** As `row`, of segments that follow each other. */
  rows(first: number, count: number): Promise<readonly (ParentRow | undefined)[]>;
  /** @throws object-missing, object-damaged */
  requireRow(number: number): Promise<ParentRow>;
  /** @returns undefined for what cannot be read, or not by these keys */
  recipeBytes(recipeId: Buffer): Promise<Buffer | undefined>;
  /**
   * Its bytes: fewer only at its end. Absent where they cannot be read.
   *
   * @throws chunk-damaged, chunk-missing, object-damaged
   */
  readonly read?: (offset: number, length: number) => Promise<Uint8Array>;
  /**
   * Looks up all that it needs, where it is not trusted yet.
   *
   * @returns whether it may be relied on unseen
   */
  lookUpAll(signal: AbortSignal | undefined): Promise<boolean>;
}
