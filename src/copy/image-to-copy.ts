/** What the ways of copying an image take, and what they give. */
import type { Attachment, LeaseId, PackId, PubId, SketchSample } from '../../store-format/index.js';
import type { OpenContents } from '../contents/open-contents.js';
import type { Engine } from '../engine/engine.js';
import type { CaptureCounts } from '../intake/image-writer.js';
import type { PackCatalog } from '../packs/pack-catalog.js';

/** An image in the store that it comes from. */
export interface ImageToCopy {
  readonly engine: Engine;
  readonly catalog: PackCatalog;
  readonly from: OpenContents;
  /** For every turn of a long loop (`ReadLease`). */
  readonly renew: () => Promise<void>;
}

/** The store that it goes to. */
export interface CopyTarget {
  readonly engine: Engine;
  /** Brought up to date since the lease is durable. */
  readonly catalog: PackCatalog;
  /** Absent in a dry run: nothing is written. */
  readonly lease: LeaseId | undefined;
}

export interface CopySettings {
  readonly signal: AbortSignal | undefined;
  /** Bytes of the image that are done with, so far. */
  readonly onBytes: (doneBytes: number) => void;
}

/** An image whose entries are all in durable packs of the target. */
export interface WrittenImage {
  readonly pageIds: readonly Uint8Array[];
  readonly attachments: readonly Attachment[];
  readonly sketch: readonly SketchSample[] | undefined;
  /** The image of the target that it was predicted from. */
  readonly parent?: PubId | undefined;
  readonly counts: CaptureCounts;
  readonly readBytes: number;
  readonly storedBytes: number;
  /** Packs of the target that hold it. */
  readonly relied: ReadonlySet<PackId>;
}
