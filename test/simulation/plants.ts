/**
 * Planted mistakes: each is what a rule of SPEC.md forbids, made by a wrapper around what the real code is given.
 * A simulation that does not find them would not find a real one.
 */
import type { ChunkIndex } from '../../src/chunk-index/chunk-index.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import type { Workers } from '../../src/workers/jobs.js';
import type { Place } from './place.js';
import {
  forgetHomesListedSince,
  forgetLeasesListedSince,
  hideCondemned,
  remarkNewsOnly,
  sayCopiesAreGood,
  skipUnreadableManifests,
} from './planted-collectors.js';
import {
  pinUnseen,
  publishWhatever,
  recurPackIds,
  trustParents,
  uploadUnsynced,
  winUndelete,
} from './planted-writers.js';
import type { SimulatedProcess } from './processes.js';

/** Who uses a wrapper, and where. */
export interface Witness {
  readonly process: SimulatedProcess;
  readonly place: Place;
}

/** Made anew for each run, so that it may keep what it saw. */
export interface Plant {
  store?(real: ObjectStore, who: Witness): ObjectStore;
  index?(real: ChunkIndex, who: Witness): ChunkIndex;
  workers?(real: Workers, who: Witness): Workers;
}

export const PLANTS = {
  /** A broken lease publishes (I4). */
  'no-fence': publishWhatever,
  /** Condemned packs are homes for writers (I6, I7). */
  pardon: hideCondemned,
  /** Packs with the same entries are one (I2). */
  'same-pack-ids': recurPackIds,
  /** What a parent holds is relied on without a lease that names it (I7). */
  'unchecked-parent': trustParents,
  /** After condemning, only images that are new are marked (section 13, step 8). */
  'news-only': remarkNewsOnly,
  /** The leases waited for were listed before packs were condemned (step 7). */
  'early-leases': forgetLeasesListedSince,
  /** Packs that nobody made durable are relied on (section 12, capture, step 5). */
  'unsynced-packs': uploadUnsynced,
  /** A manifest that cannot be read is no root (I12). */
  'skipped-manifest': skipUnreadableManifests,
  /** Undelete does not mind that it lost the mark to a purge (I10). */
  'undelete-unclaimed': winUndelete,
  /** A pin does not look whether its image is purged (section 12, pins). */
  'unseen-purge': pinUnseen,
  /** Homes were listed before packs were condemned (step 9). */
  'early-homes': forgetHomesListedSince,
  /** The copy that stays is not read (I11). */
  'unread-copy': sayCopiesAreGood,
} as const satisfies Record<string, () => Plant>;

export type PlantName = keyof typeof PLANTS;
export const PLANT_NAMES = Object.keys(PLANTS) as readonly PlantName[];
