/** Every path name of a store, both ways: nothing else in the code spells or parses one. */
import { hashInDomain, NAME_DOMAIN } from './domains.js';
import { type Blake3, fromHex, isHex, type LeaseId, type PackId, type PubId, toHex } from './ids.js';

/** Folders of one level; `packs/` has 256 below it. */
export const FOLDERS = [
  'config',
  'keys',
  'tags',
  'packs',
  'leases',
  'pins',
  'images',
  'removed',
  'condemned',
  'gc',
  'lost',
  'damaged',
  'attested',
] as const;
export type Folder = (typeof FOLDERS)[number];

/** All folders that a store is made with. */
export function storeFolders(): string[] {
  return [...FOLDERS, ...packFolders()];
}

/** The 256 folders that packs lie in. */
export function packFolders(): string[] {
  return Array.from({ length: 256 }, (_, i) => `packs/${i.toString(16).padStart(2, '0')}`);
}

export const packKey = (id: PackId): string => `packs/${id.slice(0, 2)}/${id}`;
export const imageKey = (id: PubId): string => `images/${id}`;
export const leaseKey = (id: LeaseId): string => `leases/${id}`;
export const pinKey = (id: string): string => `pins/${id}`;
export const condemnedKey = (id: PackId): string => `condemned/${id}`;
export const damagedKey = (id: PackId): string => `damaged/${id}`;
export const markKey = (id: PubId, n: number): string => `removed/${id}.${n}`;
export const lostKey = (id: string): string => `lost/${id}`;
export const attestedKey = (id: LeaseId): string => `attested/${id}`;
export const keySlotKey = (id: string): string => `keys/${id}`;
export const configKey = (n: number): string => `config/${pad(n)}`;
export const gcKey = (n: number): string => `gc/${pad(n)}`;
export const nameFolder = (name: string, blake3: Blake3): string =>
  `tags/${toHex(hashInDomain(blake3, NAME_DOMAIN, Buffer.from(name)))}`;
export const nameKey = (folder: string, n: number): string => `${folder}/${pad(n)}`;

/** In a store with keys, a name's folder is a PRF of what it is elsewhere; all other keys stay. */
export function nameKeyInSealedStore(key: string, hash: Blake3): string {
  const match = /^tags\/([0-9a-f]{64})(\/.*)?$/.exec(key);
  return match ? `tags/${toHex(hash(fromHex(match[1]!)))}${match[2] ?? ''}` : key;
}

/** Ten digits, so that listings sort by number. */
function pad(n: number): string {
  return n.toString().padStart(10, '0');
}

/** The last part of a key, when it is `bytes` bytes of hex. */
function hexName(key: string, bytes: number): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return isHex(name, bytes) ? name : undefined;
}

/** From `packs/ab/<id>`, `condemned/<id>` or `damaged/<id>`. A pack in another shard than its own is none. */
export function parsePackId(key: string): PackId | undefined {
  const id = hexName(key, 32) as PackId | undefined;
  return id !== undefined && key.startsWith('packs/') && key !== packKey(id) ? undefined : id;
}

/** From `images/<id>`, `leases/<id>`, `pins/<id>`, `lost/<id>` or `attested/<id>`. */
export const parseLeaseId = (key: string): LeaseId | undefined => hexName(key, 16) as LeaseId | undefined;

/** From `config/<n>`, `gc/<n>` or `tags/<hash>/<n>`; n starts at 1. */
export function parseNumber(key: string): number | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return /^[0-9]{10}$/.test(name) && Number(name) > 0 ? Number(name) : undefined;
}

/** From `removed/<PubId>.<n>`. */
export function parseMark(key: string): { readonly image: PubId; readonly n: number } | undefined {
  const match = /^removed\/([0-9a-f]{32})\.([1-9][0-9]{0,8})$/.exec(key);
  return match ? { image: match[1] as PubId, n: Number(match[2]) } : undefined;
}
