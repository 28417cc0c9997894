/** What is done to an object: six actions, three of them to each of its regions. */
import type { MemoryPlace } from '../../support/memory-store.js';
import { KINDS, type KindName, layoutOf } from './kinds.js';
import type { PreparedStore, StoreKind } from './prepared-store.js';
import { REGIONS, type RegionName, regionsOf } from './regions.js';

export const REGION_ACTIONS = ['flip', 'zero', 'truncate'] as const;
export const OBJECT_ACTIONS = ['delete', 'duplicate', 'swap'] as const;

export type Action = (typeof REGION_ACTIONS)[number] | (typeof OBJECT_ACTIONS)[number];

export interface Case {
  readonly store: StoreKind;
  readonly kind: KindName;
  readonly action: Action;
  /** `all` where the action is one on the object. */
  readonly region: RegionName | 'all';
}

/** Every combination: the table has a row for each, by construction. */
export function casesOf(kind: KindName, store: StoreKind): readonly Case[] {
  const regions: readonly RegionName[] = REGIONS[layoutOf(kind, store)];
  return [
    ...REGION_ACTIONS.flatMap((action) => regions.map((region) => ({ store, kind, action, region }))),
    ...OBJECT_ACTIONS.map((action) => ({ store, kind, action, region: 'all' as const })),
  ];
}

/** @returns whether a byte of the store changed */
export function hurt(
  prepared: PreparedStore,
  { objects }: MemoryPlace,
  { store, kind, action, region }: Case,
): boolean {
  const { objects: keysOf, otherName } = KINDS[kind];
  const [key, other] = keysOf(prepared);
  const bytes = Buffer.from(objects.get(key)!);
  if (region === 'all') {
    if (action === 'delete') objects.delete(key);
    else if (action === 'duplicate') objects.set(otherName(key), bytes);
    else {
      objects.set(key, objects.get(other)!);
      objects.set(other, bytes);
    }
    return true;
  }
  const [offset, length] = regionsOf(layoutOf(kind, store), bytes)[region]!;
  const before = Buffer.from(bytes);
  if (action === 'flip') bytes[offset + Math.floor(length / 2)]! ^= 0xff;
  else if (action === 'zero') bytes.fill(0, offset, offset + length);
  objects.set(key, action === 'truncate' ? bytes.subarray(0, offset) : bytes);
  return action === 'truncate' || !bytes.equals(before);
}
