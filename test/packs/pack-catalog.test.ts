/** What the catalog reads: footers that it has to, once, and no others. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { acquireSlot } from '../../src/chunk-index/slots.js';
import { systemEnvironment } from '../../src/environment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { PackCatalog } from '../../src/packs/pack-catalog.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import { CHUNK_COPIES, CHUNK_HOMES } from '../../src/packs/sought.js';
import {
  EntryKind,
  FrameCodec,
  HASH_BYTES,
  type LeaseId,
  PackKind,
  storeFolders,
} from '../../store-format/index.js';
import { folderFor } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';

const ENTRIES = 16_384;
const ENTRY_BYTES = 16;
const environment = systemEnvironment();

/** A store in a folder that notes the packs whose tails are read. */
class NotingStore {
  readonly tails: string[] = [];

  private constructor(readonly objects: FolderStore) {
    const get = objects.get.bind(objects);
    objects.get = (key, range) => {
      if (range !== undefined && 'last' in range) this.tails.push(key);
      return get(key, range);
    };
  }

  static async open(location: string): Promise<NotingStore> {
    await FolderStore.create(location, storeFolders());
    return new NotingStore(await FolderStore.open(location, Math.random().toString(16).slice(2)));
  }
}

async function openCatalog(location: string) {
  const { objects, tails } = await NotingStore.open(location);
  const slot = await acquireSlot(join(location, 'index'));
  const catalog = new PackCatalog(objects, slot.index, ({ message }) => {
    throw new Error(message);
  });
  await catalog.refresh();
  return { objects, tails, slot, catalog };
}

/** Full packs of small entries. @returns their ids, pack by pack */
async function writePacks(t: ExecutionContext, location: string, packs: number): Promise<readonly Buffer[]> {
  const { objects, slot, catalog } = await openCatalog(location);
  const lease = '0'.repeat(32) as LeaseId;
  const onPack = catalog.addOwn.bind(catalog);
  const writer = new PackWriter({ objects, environment, kind: PackKind.data, lease, onPack });
  const written: Buffer[] = [];
  for (let pack = 0; pack < packs; pack++) {
    const stored = seededBytes(`${t.title} ${pack}`, ENTRY_BYTES * ENTRIES);
    const ids = seededBytes(`${t.title} ids ${pack}`, HASH_BYTES * ENTRIES); // nobody hashes the entries here
    const lengths = new Array<number>(ENTRIES).fill(ENTRY_BYTES);
    const frame = { kind: EntryKind.chunk, codec: FrameCodec.stored, plainBytes: stored.length, stored };
    await writer.append({ ...frame, hash: blake3(stored), lengths, ids });
    written.push(ids);
  }
  await writer.finish();
  await slot.close();
  return written;
}

test('a second process reads no known footer, a miss reads none, a hit reads one', async (t) => {
  const location = join(folderFor(t), 'store');
  const packs = await writePacks(t, location, 3);
  const [first, second] = [await openCatalog(location), await openCatalog(location)];
  for (const { tails, catalog, slot } of [first, second]) {
    t.is(slot.index.packs.size, 3);
    t.deepEqual(tails, [], 'opening');
    for (let i = 0; i < 1000; i++) {
      t.is(await catalog.find(seededBytes(`none ${i}`, HASH_BYTES), 0, CHUNK_HOMES), undefined);
    }
    t.deepEqual(tails, [], 'misses');
    for (let i = 0; i < ENTRIES; i += 100) {
      t.is((await catalog.find(packs[1]!, HASH_BYTES * i, CHUNK_HOMES))?.ordinal, i);
    }
    t.is(tails.length, 1, 'hits in one pack');
    await slot.close();
  }
});

test('hits all over a large store keep memory flat', async (t) => {
  const location = join(folderFor(t), 'store');
  const packs = await writePacks(t, location, 110);
  const { catalog, tails, slot } = await openCatalog(location);
  for (let round = 0; round < 3; round++) {
    for (const ids of packs) {
      const at = HASH_BYTES * (round + 7);
      const home = await catalog.find(ids, at, CHUNK_COPIES);
      t.is(home?.ordinal, round + 7);
      t.true(home?.footer.ids.subarray(at, at + HASH_BYTES).equals(ids.subarray(at, at + HASH_BYTES)));
    }
  }
  t.true(catalog.footerBytes <= 64 * 1024 * 1024, `${catalog.footerBytes} bytes`);
  t.true(tails.length >= packs.length);
  await slot.close();
});
