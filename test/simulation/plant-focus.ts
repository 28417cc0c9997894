/** Where a mistake shows, if it does at all: what happens around it, and often. A run without the mistake must stand the same. */
import type { DiskHabits } from './disk-pool.js';
import type { Focus } from './focus.js';
import type { PlantName } from './plants.js';

/** Nothing fails by itself: only the order of things matters. */
const CALM: Focus['rates'] = {
  crash: 1 / 5000,
  power: 0,
  suspend: 0,
  ambush: 0,
  'lost-reply': 0,
  delay: 0,
  'io-error': 0,
  'no-space': 0,
  clock: 0,
  rot: 0,
  'index-loss': 0,
  'index-lies': 0,
  'late-listing': 0,
  vandal: 0,
};

/** Captures, removals and gc alone. */
const CYCLE: Focus['weights'] = {
  capture: 12,
  remove: 9,
  gc: 12,
  read: 0,
  pin: 0,
  unpin: 0,
  tag: 0,
  undelete: 0,
  rebuild: 0,
  configure: 0,
  scrub: 0,
  rotate: 0,
};

/** A few disks that recur, and gc that takes at once what is not needed. */
const RECURRING: Focus['scenario'] = {
  stickiness: 0.5,
  engineReuse: 0.9,
  liveImages: 1,
  disks: { slots: 2, ways: { again: 3, back: 3, edit: 0.5, fresh: 0.3 } },
  gc: { gracesMs: [0], waitsMs: [0, 0, 60_000], maxRepackBytes: [undefined] },
};

/** Disks that have little in common, so that what one image needs no other does. */
const DISTINCT: DiskHabits = { slots: 4, ways: { again: 6, back: 0, edit: 0.2, fresh: 0.3 } };

const TWO_MACHINES: Focus['scenario'] = { place: 'remote', hosts: 2, processesPerHost: 2, listDelayMs: 0 };

export const FOCUS: Readonly<Partial<Record<PlantName, Focus>>> = {
  // A capture is taken for dead right before it publishes.
  'no-fence': {
    rates: { ...CALM, ambush: 0.5 },
    weights: CYCLE,
    scenario: {
      ...RECURRING,
      ...TWO_MACHINES,
      ambush: { at: /^capture claim images\//, steps: [60, 120], deadShare: 1 },
    },
  },
  // gc stands still right before it unlinks, while the same content is captured again.
  pardon: {
    rates: { ...CALM, ambush: 0.7 },
    weights: { ...CYCLE, remove: 14 },
    settings: { packGraceHours: 0 },
    scenario: {
      ...RECURRING,
      disks: DISTINCT,
      ambush: { at: /^gc delete packs\//, steps: [100, 200, 300], deadShare: 0.5 },
    },
  },
  // What is taken from a parent is gone from the disk.
  'unchecked-parent': {
    rates: { ...CALM, vandal: 1 / 4 },
    weights: { ...CYCLE, gc: 2, remove: 2 },
    scenario: { ...RECURRING, disks: { slots: 1, ways: { again: 3, back: 1, edit: 1, fresh: 0.2 } } },
  },
  // A gc finds packs that another condemned, and that a capture from before relies on; while it runs, another image is published.
  'news-only': {
    rates: { ...CALM, ambush: 0.5 },
    weights: { ...CYCLE, capture: 16 },
    settings: { packGraceHours: 0 },
    scenario: {
      ...RECURRING,
      place: 'local',
      hosts: 1,
      processesPerHost: 3,
      stickiness: 0.8,
      parents: { byName: 0, none: 1, explicit: 0 },
      disks: { slots: 3, ways: { again: 3, back: 4, edit: 0.5, fresh: 0.3 } },
      gc: { gracesMs: [0], waitsMs: [0, 60_000], maxRepackBytes: [undefined] },
      ambush: { at: /^capture claim images\//, steps: [100, 200, 300], deadShare: 0 },
    },
  },
  // Two at once, each about to drop what the other relies on.
  'early-homes': {
    rates: { ...CALM, ambush: 1 },
    weights: { ...CYCLE, capture: 8, remove: 7, gc: 14 },
    settings: { packGraceHours: 0, repackBelow: 100 },
    scenario: {
      ...RECURRING,
      ...TWO_MACHINES,
      engineReuse: 1,
      stickiness: 0.98,
      liveImages: 3,
      disks: { slots: 2, ways: { again: 0, back: 0, edit: 8, fresh: 0.5 } },
      gc: { gracesMs: [0], waitsMs: [60_000], maxRepackBytes: [0, 0, 25_000, 40_000] },
      ambush: { at: /^gc claim condemned\S+ after rename packs/, steps: [130, 170], deadShare: 1 },
    },
  },
  // The same new content is captured by several at once; one of the copies rots.
  'unread-copy': {
    rates: { ...CALM, rot: 1 },
    weights: { ...CYCLE, capture: 20, gc: 5, remove: 3 },
    settings: { packGraceHours: 0 },
    scenario: {
      ...RECURRING,
      stickiness: 0,
      liveImages: 2,
      disks: { slots: 1, ways: { again: 5, back: 0, edit: 1, fresh: 2 } },
    },
  },
  'skipped-manifest': {
    rates: { ...CALM, 'io-error': 1 / 150 },
    weights: { ...CYCLE, capture: 4, remove: 1, gc: 14 },
    settings: { packGraceHours: 0 },
    scenario: {
      ...RECURRING,
      stickiness: 0.95,
      liveImages: 4,
      disks: { slots: 6, ways: { again: 2, back: 0, edit: 1, fresh: 3 } },
      gc: { gracesMs: [0], waitsMs: [60_000], maxRepackBytes: [undefined] },
    },
  },
  'early-leases': {
    rates: { ...CALM, ambush: 0.5 },
    weights: CYCLE,
    settings: { packGraceHours: 0 },
    scenario: {
      ...RECURRING,
      ambush: { at: /^capture claim images\/|^gc claim condemned\//, steps: [100, 200, 400], deadShare: 0 },
    },
  },
  'undelete-unclaimed': {
    rates: { ...CALM, ambush: 0.5 },
    weights: { ...CYCLE, remove: 12, undelete: 15, capture: 8 },
    scenario: { ...RECURRING, ambush: { at: /^undelete claim removed\//, steps: [80, 150], deadShare: 0 } },
  },
  'unseen-purge': {
    rates: { ...CALM, ambush: 0.5 },
    weights: { ...CYCLE, pin: 12, unpin: 12, capture: 8 },
    scenario: {
      ...RECURRING,
      ambush: { at: /^pin claim pins\/|^gc delete images\//, steps: [60, 150, 300], deadShare: 0.2 },
    },
  },
};
