/** The kinds of objects that the damage table hurts, which two of them, and the regions of each. */
import { configKey, gcKey, imageKey, markKey, parseMark } from '../../../store-format/index.js';
import type { PreparedStore } from './prepared-store.js';

export type Layout = 'pack' | 'manifest' | 'tombstone' | 'record';

export interface ObjectKind {
  readonly layout: Layout;
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

/** Byte offset and length. */
export type Region = readonly [offset: number, length: number];

/** Names of the regions of each layout, in the order of their bytes. A flip turns the byte in a region's middle. */
export const REGIONS = {
  pack: [
    'header',
    'frame',
    'footer',
    'rows',
    'row',
    'lengths',
    'length',
    'ids',
    'id',
    'trailer',
    'hash',
    'signature',
  ],
  manifest: ['counts', 'version', 'head hash', 'header', 'page ids', 'attachments', 'signature', 'hash'],
  tombstone: ['counts', 'version', 'head hash', 'header', 'signature', 'hash'],
  record: ['magic', 'version', 'kind', 'lengths', 'key', 'payload', 'signature', 'hash'],
} as const satisfies Record<Layout, readonly string[]>;

export type RegionName = (typeof REGIONS)[Layout][number];

/** SPEC.md, sections 6, 7 and 8. */
export function regionsOf(layout: Layout, bytes: Buffer): Readonly<Partial<Record<RegionName, Region>>> {
  if (layout === 'pack') return regionsOfPack(bytes);
  const end = bytes.length;
  const tail = { signature: [end - 136, 104], hash: [end - 32, 32] } as const;
  if (layout === 'record') {
    const [key, payload] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
    const head = { magic: [0, 4], version: [4, 2], kind: [6, 2], lengths: [8, 8] } as const;
    return { ...head, key: [16, key], payload: [16 + key, payload], ...tail };
  }
  const [header, pages, attachments] = [8, 12, 16].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  return {
    version: [4, 2],
    counts: [0, 24],
    'head hash': [24, 32],
    header: [56, header],
    ...(pages > 0 && { 'page ids': [56 + header, 32 * pages] }),
    ...(attachments > 0 && { attachments: [56 + header + 32 * pages, 40 * attachments] }),
    ...tail,
  };
}

function regionsOfPack(bytes: Buffer): Readonly<Partial<Record<RegionName, Region>>> {
  const trailer = bytes.length - 176;
  const footer = Number(bytes.readBigUInt64LE(trailer + 8));
  const [frames, entries] = [bytes.readUInt32LE(footer + 56), bytes.readUInt32LE(footer + 60)];
  const rows = footer + 64;
  const lengths = rows + 56 * frames;
  const ids = lengths + 4 * entries;
  return {
    header: [0, 16],
    frame: [Number(bytes.readBigUInt64LE(rows)), bytes.readUInt32LE(rows + 8)],
    footer: [footer, 64],
    rows: [rows, 56 * frames],
    row: [rows, 56],
    lengths: [lengths, 4 * entries],
    length: [lengths, 4],
    ids: [ids, 32 * entries],
    id: [ids, 32],
    trailer: [trailer, 40],
    hash: [trailer + 40, 32],
    signature: [trailer + 72, 104],
  };
}
