import type { OpenOtherOptions } from './copy.js';
import type { Hint, Problem } from './findings.js';
import type { OperationOptions } from './operation.js';

/**
 * stored: every byte of a file against its checksum. decoded (the default): besides, every entry of a pack is decompressed
 * and hashed once in the pack's life; later its checksum shows that it still is what was decoded. redecoded: that too,
 * every time.
 */
export type ScrubDepth = 'stored' | 'decoded' | 'redecoded';

export interface ScrubOptions extends OperationOptions {
  /** Share of the packs' bytes to read, 0 to 1: those first that were never checked, then those checked longest ago. */
  readonly fraction?: number;
  /** Reads only packs that were not checked for so long, in milliseconds. */
  readonly olderThanMs?: number;
  /** Goes on with the scrub that began last: packs that it has checked are passed by. */
  readonly resume?: boolean;
  /** Bytes read from packs per second at most. */
  readonly bytesPerSecond?: number;
  readonly depth?: ScrubDepth;
  /** Mends what can be mended, and gives up what cannot. Deletes nothing: gc does. */
  readonly repair?: boolean;
  /** Folder of another store: what this one has lost is taken from there. Only with `repair`. */
  readonly from?: string;
  /** How that store is opened. */
  readonly openFrom?: OpenOtherOptions;
  /** Says which packs would be read, and reads none. Not with `repair`. */
  readonly dryRun?: boolean;
}

export interface DamagedPack {
  /** 64 hex digits. */
  readonly pack: string;
  /** Key of the file in the store. */
  readonly object: string;
  readonly packBytes: number;
  readonly reason: string;
  /** Entries that it lists, or that were found in it; 0 when nobody can tell. */
  readonly entries: number;
  readonly badEntries: number;
  /** It cannot be read now: it is left as it is, since it may be whole tomorrow. */
  readonly unreadable: boolean;
  /** A repair was here before: the file waits for gc. */
  readonly known: boolean;
  /** Label of the key that signed it, where that may only write. */
  readonly signedBy?: string;
}

export interface ScrubResult {
  /** Packs and their bytes in the store. */
  readonly packs: number;
  readonly packBytes: number;
  readonly checkedPacks: number;
  readonly checkedBytes: number;
  /** Entries decoded and hashed. */
  readonly checkedEntries: number;
  /** Manifests and records read. */
  readonly checkedObjects: number;
  readonly damagedPacks: readonly DamagedPack[];
  /** What is broken: packs, manifests and records, and the ranges of images that nobody can give. After a repair: what is left. */
  readonly problems: readonly Problem[];
  /** What is odd and does no harm. */
  readonly hints: readonly Hint[];
  readonly repair?: RepairSummary;
  readonly seconds: number;
}

export interface RepairSummary {
  /** Entries copied out of damaged packs, and entries that came from the other store. */
  readonly salvagedEntries: number;
  readonly fetchedEntries: number;
  /** Entries that images need and that nobody has. */
  readonly lostEntries: number;
  readonly writtenBytes: number;
  /** Packs in which nothing has a home from now on: gc deletes them. */
  readonly emptiedPacks: number;
  /** Keys of manifests and records that were written anew. */
  readonly replacedObjects: readonly string[];
  /** Names in `images/` of images whose manifests nobody can read any more: gc deletes them. */
  readonly givenUpImages: readonly string[];
}
