/** The kinds of objects of the damage table, and those that only stores with keys have. */
import {
  KINDS as DAMAGED,
  type KindName as DamagedKind,
  layoutOf as layoutWith,
} from '../damage-table/kinds.js';
import type { PreparedStore } from '../damage-table/prepared-store.js';
import type { Layout } from '../damage-table/regions.js';

export type KindName = DamagedKind | 'key slot';
export const KINDS = [...(Object.keys(DAMAGED) as DamagedKind[]), 'key slot'] as const;

/** Kinds whose objects have numbers, or follow one another. */
export const isNumbered = (kind: KindName): boolean => kind.includes('record') || kind.includes('config');

export function layoutOf(kind: KindName): Layout {
  return kind === 'key slot' ? 'record' : layoutWith(kind, 'keyed');
}

/** Key of the object that is tampered with, and of the other one of its kind. */
export function pairOf(kind: KindName, prepared: PreparedStore): readonly [string, string] {
  const { place } = prepared.store;
  if (kind === 'key slot') return place.keysIn('keys') as [string, string];
  if (!kind.includes('config')) return DAMAGED[kind as DamagedKind].objects(prepared);
  const newestFirst = place.keysIn('config').reverse();
  return (kind === 'other config' ? newestFirst.slice(1) : newestFirst) as [string, string];
}

/** A name that an object of this kind could have, and none has. */
export function freeName(kind: KindName, key: string): string {
  return kind === 'key slot' ? `keys/${'b'.repeat(32)}` : DAMAGED[kind].otherName(key);
}
