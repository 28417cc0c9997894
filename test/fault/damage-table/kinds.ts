/** The kinds of objects that the damage table hurts, and which two of them. */
import { configKey, gcKey, imageKey, markKey, parseMark } from '../../../store-format/index.js';
import type { PreparedStore, StoreKind } from './prepared-store.js';
import type { Layout } from './regions.js';

export interface ObjectKind {
  /** In a store without keys. */
  readonly layout: 'pack' | 'manifest' | 'tombstone' | 'record';
  /** Keys of the object that is hurt, and of the one that it changes places with. */
  readonly objects: (prepared: PreparedStore) => readonly [string, string];
  /** Another name that an object of this kind could have, and that none has. */
  readonly otherName: (key: string) => string;
}

const OTHER_ID = 'b'.repeat(32);
const OTHER_PACK = 'b'.repeat(64);

const otherId = (key: string) => key.replace(/[0-9a-f]{32}$/, OTHER_ID);
const otherPack = (key: string) => key.replace(/[0-9a-f]{64}$/, OTHER_PACK);
const nextNumber = (key: string) => key.replace(/\d{10}$/, (n) => String(Number(n) + 5).padStart(10, '0'));
/** An even mark of an image that has none: as if somebody had decided about it. */
const otherMark = (key: string) => markKey(parseMark(key)!.image, parseMark(key)!.n + 1);

const pairIn =
  (folder: string) =>
  ({ store }: PreparedStore) => {
    const [first, second] = store.place.keysIn(folder);
    return [first!, second!] as const;
  };

export const KINDS = {
  'data pack': {
    layout: 'pack',
    objects: ({ images, packOf }) => [packOf(images.mail, 'data'), packOf(images.old, 'data')],
    otherName: () => `packs/bb/${OTHER_PACK}`,
  },
  'meta pack': {
    layout: 'pack',
    objects: ({ images, packOf }) => [packOf(images.mail, 'meta'), packOf(images.old, 'meta')],
    otherName: () => `packs/bb/${OTHER_PACK}`,
  },
  manifest: {
    layout: 'manifest',
    objects: ({ images }) => [imageKey(images.scarred.publication), imageKey(images.web.publication)],
    otherName: otherId,
  },
  tombstone: {
    layout: 'tombstone',
    objects: ({ store, images }) => {
      const own = new Set(Object.values(images).map(({ publication }) => imageKey(publication)));
      const [first, second] = store.place.keysIn('images').filter((key) => !own.has(key));
      return [first!, second!];
    },
    otherName: otherId,
  },
  'config in force': {
    layout: 'record',
    objects: () => [configKey(3), configKey(2)],
    otherName: nextNumber,
  },
  'other config': { layout: 'record', objects: () => [configKey(2), configKey(1)], otherName: nextNumber },
  'name record in force': {
    layout: 'record',
    objects: ({ tagsOfWeb }) => [tagsOfWeb(2), tagsOfWeb(1)],
    otherName: nextNumber,
  },
  'other name record': {
    layout: 'record',
    objects: ({ tagsOfWeb }) => [tagsOfWeb(1), tagsOfWeb(2)],
    otherName: nextNumber,
  },
  'odd mark': {
    layout: 'record',
    objects: ({ images }) => [markKey(images.gone.publication, 1), markKey(images.mail.publication, 1)],
    otherName: otherMark,
  },
  'even mark': {
    layout: 'record',
    objects: ({ images }) => [markKey(images.mail.publication, 2), markKey(images.old.publication, 2)],
    otherName: otherMark,
  },
  lease: { layout: 'record', objects: pairIn('leases'), otherName: otherId },
  pin: { layout: 'record', objects: pairIn('pins'), otherName: otherId },
  condemned: { layout: 'record', objects: pairIn('condemned'), otherName: otherPack },
  damaged: { layout: 'record', objects: pairIn('damaged'), otherName: otherPack },
  'gc record in force': { layout: 'record', objects: () => [gcKey(2), gcKey(1)], otherName: nextNumber },
  'other gc record': { layout: 'record', objects: () => [gcKey(1), gcKey(2)], otherName: nextNumber },
  lost: { layout: 'record', objects: pairIn('lost'), otherName: otherId },
  attested: { layout: 'record', objects: pairIn('attested'), otherName: otherId },
} as const satisfies Record<string, ObjectKind>;

export type KindName = keyof typeof KINDS;

/** Configs stand in clear in any store. */
export function layoutOf(kind: KindName, store: StoreKind): Layout {
  const { layout }: ObjectKind = KINDS[kind];
  if (store === 'open' || kind.includes('config')) return layout;
  return layout === 'tombstone' ? 'sealed manifest' : `sealed ${layout}`;
}
