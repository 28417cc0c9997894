/**
 * The store that the damage table hurts: at least two objects of each kind, so that two can change places.
 *
 *   old, web    two versions of a disk; old was removed and brought back, web has a tag and a label
 *   mail        a disk that shares nothing with them; removed and brought back
 *   scarred     mail's content with a list of sectors that could not be read: an attachment
 *   gone        a version of mail that was removed, and is there still
 *
 * Beside them lie what a killed capture, a stopped gc and a repair leave: dead leases, condemned packs, emptied packs.
 */
import { createHash } from 'node:crypto';
import { nameKeyOf } from '../../../src/encryption/keyring.js';
import { HeldLease } from '../../../src/engine/lease.js';
import { blake3 } from '../../../src/hashing/blake3.js';
import { keyedHash } from '../../../src/hashing/keyed-ids.js';
import { readManifest } from '../../../src/images/image-heads.js';
import { EntryWriter } from '../../../src/packs/entry-writer.js';
import {
  attestedKey,
  condemnedKey,
  damagedKey,
  decodePackTail,
  EntryKind,
  encodeExtents,
  encodeManifest,
  encodeRecord,
  encodeTombstone,
  extentsId,
  gcKey,
  type ImageId,
  imageKey,
  type LeaseId,
  leaseKey,
  lostKey,
  nameFolder,
  nameKey,
  nameKeyInSealedStore,
  type PackId,
  PackKind,
  type PubId,
  parsePackId,
  pinKey,
  type RecordKind,
  toHex,
} from '../../../store-format/index.js';
import { StoreInMemory } from '../../support/memory-engine.js';
import { seededBytes, seededDisk } from '../../support/seeded-disk.js';

const MIB = 1024 ** 2;

export const IMAGE_NAMES = ['old', 'web', 'mail', 'scarred', 'gone'] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

export interface PreparedImage {
  readonly publication: PubId;
  readonly id: ImageId;
  readonly bytes: Buffer;
}

/** Without keys, or with them. */
export type StoreKind = 'open' | 'keyed';

export interface PreparedStore {
  readonly store: StoreInMemory;
  readonly images: Readonly<Record<ImageName, PreparedImage>>;
  /** Key of the one pack of a kind that an image's capture wrote. */
  readonly packOf: (image: PreparedImage, kind: keyof typeof PackKind) => string;
  /** Key of a record of web's name. */
  readonly tagsOfWeb: (n: number) => string;
}

/** The same id for the same text. */
const idOf = (text: string) => createHash('md5').update(text).digest('hex');
const leaseOf = (text: string) => idOf(text) as LeaseId;

const SETTINGS = { removedGraceHours: 24 };

export async function prepareStore(kind: StoreKind): Promise<PreparedStore> {
  const store = await (kind === 'keyed' ? StoreInMemory.makeKeyed(SETTINGS) : StoreInMemory.make(SETTINGS));
  const webDisk = sparseDisk('web', MIB + 70_000);
  const mailDisk = sparseDisk('mail', MIB + 50_001);
  const old = await capture(store, webDisk, 'web');
  const mail = await capture(store, mailDisk, 'mail');
  const web = await capture(store, laterDisk(webDisk, 'web later'), 'web');
  const gone = await capture(store, laterDisk(mailDisk, 'mail later'), 'mail');
  const scarred = await captureScarred(store, mail);
  const engine = await store.process();
  for (const reference of [`@${old.id}`, `@${mail.id}`, `@${gone.id}`])
    await engine.library.remove(reference);
  for (const reference of [`@${old.id}`, `@${mail.id}`]) await engine.library.undelete(reference);
  await engine.library.tag(`@${web.id}`, 'kept');
  await engine.library.label(`@${web.id}`, { site: 'berlin' });
  await leavePacks(store, 'condemned');
  await leavePacks(store, 'damaged');
  await addRecords(store, web.publication);
  for (const text of ['broken', 'broken too']) {
    const pubId = leaseOf(text) as PubId;
    const tombstone = { pubId, by: leaseOf('gc'), atMs: 1, reason: 'dead' };
    await (await store.objects()).put(imageKey(pubId), encodeTombstone(tombstone, blake3));
  }
  const written = await writtenPacks(store);
  const folder = await folderOfWeb(store);
  return {
    store,
    images: { old, web, mail, scarred, gone },
    packOf: (image, kind) => packIn(written, image, kind),
    tagsOfWeb: (n) => nameKey(folder, n),
  };
}

/** Two segments, the last one short, with little in them: the table has hundreds of rows. */
function sparseDisk(seed: string, size: number): Buffer {
  const disk = Buffer.alloc(size);
  seededDisk(seed, 220_000).copy(disk, 8192);
  seededBytes(seed, 40_000).copy(disk, size - 40_000);
  return disk;
}

function laterDisk(disk: Buffer, seed: string): Buffer {
  const later = Buffer.from(disk);
  seededBytes(seed, 30_000).copy(later, 500_000);
  return later;
}

async function capture(store: StoreInMemory, bytes: Buffer, name: string): Promise<PreparedImage> {
  const image = await store.capture(bytes, name);
  return { publication: image.publication as PubId, id: image.id as ImageId, bytes };
}

/** No disk with bad sectors is needed for an image of one. */
async function captureScarred(store: StoreInMemory, mail: PreparedImage): Promise<PreparedImage> {
  const engine = await store.process();
  const { objects, environment, workers, entryHash } = engine;
  const { header, pageIds } = await readManifest(objects, mail.publication);
  const lease = await HeldLease.take(objects, environment, 'capture');
  const options = { objects, environment, workers, lease: lease.id, level: 3, frameBytes: 65_536 };
  const writer = new EntryWriter({ ...options, onPack: async () => {} });
  const extents = encodeExtents([{ offset: 0, length: 512 }]);
  const list = extentsId(extents, entryHash);
  await writer.add(EntryKind.extents, list, extents);
  await writer.finish();
  const own = {
    name: 'scarred',
    imageId: idOf('scarred'),
    pubId: lease.id,
    badBytes: 512,
    badRanges: toHex(list),
  };
  const attachments = [{ kind: EntryKind.extents, id: list }];
  await lease.publish(encodeManifest({ header: { ...header, ...own }, pageIds, attachments }, blake3));
  await lease.release();
  return { publication: lease.id as PubId, id: own.imageId as ImageId, bytes: mail.bytes };
}

/** Packs that nobody needs, and against which something is said. */
async function leavePacks(store: StoreInMemory, folder: 'condemned' | 'damaged'): Promise<void> {
  const before = new Set(store.place.keysIn('packs'));
  const { publication } = await capture(store, seededBytes(folder, 30_000), folder);
  store.place.objects.delete(imageKey(publication));
  for (const key of store.place.keysIn('packs').filter((each) => !before.has(each))) {
    const pack = parsePackId(key)!;
    if (folder === 'condemned')
      await put(store, 'condemned', condemnedKey(pack), { pack, gc: idOf('gc'), atMs: 1 });
    else await put(store, 'damaged', damagedKey(pack), { pack, atMs: 1, reason: 'a test' });
  }
}

async function put(store: StoreInMemory, kind: RecordKind, key: string, payload: unknown): Promise<void> {
  await (await store.objects()).put(key, encodeRecord(kind, key, payload, blake3));
}

async function addRecords(store: StoreInMemory, image: PubId): Promise<void> {
  const counts = { condemnedPacks: 2, unlinkedPacks: 0, rewrittenBytes: 0, freedBytes: 0 };
  for (const [i, text] of ['one', 'two'].entries()) {
    const lease = leaseOf(text);
    await put(store, 'lease', leaseKey(lease), {
      id: lease,
      purpose: 'read',
      startedMs: 1,
      host: 'h',
      pid: 1,
      command: 'doppel',
      images: [image],
      beat: 0,
    });
    const pin = idOf(`pin ${text}`);
    await put(store, 'pin', pinKey(pin), { id: pin, createdMs: 1, reason: text, images: [image] });
    const lost = idOf(`lost ${text}`);
    const entry = { kind: EntryKind.chunk, id: idOf(text).repeat(2) };
    await put(store, 'lost', lostKey(lost), { id: lost, atMs: 1, entries: [entry] });
    await put(store, 'gc', gcKey(i + 1), { lease, startedMs: 1, finished: { atMs: 2, ...counts } });
    const packs = store.place.keysIn('packs').map((key) => parsePackId(key)!);
    await put(store, 'attestation', attestedKey(lease), { lease, atMs: 1, depth: 'decoded', packs });
  }
}

export type Written = ReadonlyMap<string, { readonly lease: LeaseId; readonly kind: PackKind }>;

/** Who wrote which pack. */
export async function writtenPacks(store: StoreInMemory): Promise<Written> {
  const { vault } = await store.objects();
  const read = store.place.keysIn('packs').map((key) => {
    const bytes = store.place.objects.get(key)!;
    const { footer } = decodePackTail(bytes, bytes.length, parsePackId(key) as PackId, blake3, vault);
    return [key, { lease: footer.lease, kind: footer.kind }] as const;
  });
  return new Map(read);
}

export function packIn(
  written: Written,
  { publication }: PreparedImage,
  kind: keyof typeof PackKind,
): string {
  const own = [...written].filter(([, pack]) => pack.lease === publication && pack.kind === PackKind[kind]);
  if (own.length !== 1) throw new Error(`${own.length} ${kind} packs, not one`);
  return own[0]![0];
}

/** In a store with keys, the folder of a name's records does not follow from the name alone. */
async function folderOfWeb(store: StoreInMemory): Promise<string> {
  const { vault } = await store.objects();
  const folder = nameFolder('web', blake3);
  return vault === undefined ? folder : nameKeyInSealedStore(folder, keyedHash(nameKeyOf(vault.keyring)));
}
