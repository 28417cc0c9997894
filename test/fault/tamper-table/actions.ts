/**
 * What is done to an object. In each case hashes and lengths in clear are right again, a record says that it belongs where it
 * stands, and a pack has the name that its bytes give it.
 *
 *   flip, truncate    of a region: a byte of it turns, its end is cut off
 *   swap              it changes places with another of its kind; of a pack or manifest, also a region of it alone
 *   splice            another store's object in its place: `stranger`, `twin`, `open`; or one that somebody `forged`
 *   unsign            without its signature
 *   double            under another name of its kind as well, of numbered ones a higher number: the older record is newest
 *   replay            another of its kind in its place, that stays where it is
 *   return            one that was deleted long ago is back
 *   withhold          it is gone
 */
import type { MemoryPlace } from '../../support/memory-store.js';
import { REGIONS, type RegionName, regionsOf } from '../damage-table/regions.js';
import { freeName, type KindName, layoutOf, pairOf } from './kinds.js';
import type { PreparedStores, Source } from './prepared-stores.js';
import { cut, withKey, withRightHashes } from './right-hashes.js';

export interface Case {
  readonly kind: KindName;
  /** As the table says it: `flip seal`, `splice twin`, `withhold`. */
  readonly name: string;
}

const HASHES: readonly string[] = ['hash', 'head hash'];
const CUT: Readonly<Record<string, readonly string[]>> = {
  'sealed pack': ['frame', 'ids', 'rows'],
  'sealed manifest': ['header', 'body'],
  'sealed record': ['payload'],
  record: ['payload'],
};
const SWAPPED: Readonly<Record<string, readonly string[]>> = {
  'sealed pack': ['first seal', 'frame', 'seal', 'ids', 'rows'],
  'sealed manifest': ['seal', 'header', 'body'],
};
const SOURCES = ['stranger', 'twin', 'open', 'forged'] as const satisfies readonly Source[];
/** Bytes: more than an AES block, fewer than any part has. */
const CUT_BYTES = 100;

/** All that can be done to an object of this kind. */
export function casesOf(kind: KindName, stores: PreparedStores): readonly Case[] {
  const layout = layoutOf(kind);
  const regions = (REGIONS[layout] as readonly RegionName[]).filter((region) => !HASHES.includes(region));
  const names = [
    ...regions.map((region) => `flip ${region}`),
    ...CUT[layout]!.map((region) => `truncate ${region}`),
    'swap',
    ...(SWAPPED[layout] ?? []).map((region) => `swap ${region}`),
    ...SOURCES.filter((source) => stores.from(source, kind) !== undefined).map(
      (source) => `splice ${source}`,
    ),
    'unsign',
    ...(layout === 'sealed pack' ? [] : ['double', 'replay']),
    ...(returning(kind, stores) === undefined ? [] : ['return']),
    'withhold',
  ];
  return names.map((name) => ({ kind, name }));
}

/** The first deleted object of this kind. */
function returning(kind: KindName, { ours, older: { deleted } }: PreparedStores): string | undefined {
  const folderOf = (key: string) => key.slice(0, key.startsWith('packs/') ? 5 : key.lastIndexOf('/'));
  const [own] = pairOf(kind, ours);
  const isOfKind = (key: string) => {
    if (folderOf(key) !== folderOf(own)) return false;
    if (kind.endsWith('mark')) return Number(key.at(-1)) % 2 === (kind === 'odd mark' ? 1 : 0);
    return true;
  };
  const other: readonly KindName[] = [
    'other config',
    'other name record',
    'other gc record',
    'meta pack',
    'tombstone',
  ];
  return other.includes(kind) ? undefined : [...deleted.keys()].find(isOfKind);
}

/** Done to a copy of `ours`; of `older` where something returns. */
export function tamper(stores: PreparedStores, { objects }: MemoryPlace, { kind, name }: Case): void {
  const { ours, older } = stores;
  const [key, other] = pairOf(kind, ours);
  const [action, ...rest] = name.split(' ');
  const region = rest.join(' ') as RegionName;
  if (action === 'withhold') return void objects.delete(key);
  if (action === 'return') {
    const back = returning(kind, stores)!;
    return void objects.set(back, older.deleted.get(back)!);
  }
  const [bytes, others] = [objects.get(key)!, objects.get(other)!];
  if (action === 'flip') put(flipped(kind, bytes, region));
  else if (action === 'truncate') put(truncated(kind, bytes, region));
  else if (action === 'unsign') put({ bytes: unsigned(kind, bytes) });
  else if (action === 'splice') put({ bytes: stores.from(region as Source, kind)! });
  else if (action === 'double') put({ bytes }, freeName(kind, key));
  else if (action === 'swap' && name !== 'swap') put({ bytes: withRegion(kind, bytes, others, region) });
  else {
    put({ bytes: others });
    if (action === 'swap') put({ bytes }, other);
  }

  function put(made: { readonly bytes: Buffer; readonly footer?: number }, at = key): void {
    const layout = layoutOf(kind);
    const isMoved = layout.endsWith('record') && name !== 'flip key';
    const placed = isMoved && !/^(flip|truncate)/.test(name) ? withKey(made.bytes, at) : made.bytes;
    if (layout.endsWith('pack') && (name === 'swap' || name === 'replay'))
      return void objects.set(at, placed);
    const tampered = withRightHashes(layout, at, placed, made.footer);
    if (layout.endsWith('pack')) objects.delete(at);
    objects.set(tampered.key, tampered.bytes);
  }
}

function flipped(kind: KindName, bytes: Buffer, region: RegionName) {
  const layout = layoutOf(kind);
  const [offset, length] = regionsOf(layout, bytes)[region]!;
  const changed = Buffer.from(bytes);
  changed[offset + Math.floor(length / 2)]! ^= 0xff;
  return { bytes: changed, ...(layout.endsWith('pack') && { footer: regionsOf(layout, bytes).footer![0] }) };
}

function truncated(kind: KindName, bytes: Buffer, region: RegionName) {
  const layout = layoutOf(kind);
  const [offset, length] = regionsOf(layout, bytes)[region]!;
  return cut(layout, region, bytes, offset + length, CUT_BYTES);
}

function unsigned(kind: KindName, bytes: Buffer): Buffer {
  const [offset, length] = regionsOf(layoutOf(kind), bytes).signature!;
  return Buffer.from(bytes).fill(0, offset, offset + length);
}

/** As much of another object's region as there is room for. */
function withRegion(kind: KindName, bytes: Buffer, others: Buffer, region: RegionName): Buffer {
  const layout = layoutOf(kind);
  const [to, room] = regionsOf(layout, bytes)[region]!;
  const [from, length] = regionsOf(layout, others)[region]!;
  const mixed = Buffer.from(bytes);
  others.copy(mixed, to, from, from + Math.min(room, length));
  return mixed;
}
