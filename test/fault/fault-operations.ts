/** The operations that faults meet, on a store that has something to do for each, and what each promises when it succeeds. */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { copy } from '../../src/copy/copy.js';
import type { Engine } from '../../src/engine/engine.js';
import { gc } from '../../src/gc/gc.js';
import { prune } from '../../src/prune/prune.js';
import { restore } from '../../src/restore/restore.js';
import { scrub } from '../../src/scrub/scrub.js';
import { rebuildIndex } from '../../src/store/rebuild-index.js';
import { verify } from '../../src/verify/verify.js';
import { temporaryFolder } from '../cli/run-doppel.js';
import { GcStore } from '../gc/gc-store.js';
import { inPieces } from '../support/library-store.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';
import { flipByte, packOf, partsOf } from '../support/store-files.js';

const KIB = 1024;
const web = seededDisk('web', 640 * KIB);
const later = editedDisk(web, 'later');
const mail = seededDisk('mail', 300 * KIB);
const next = editedDisk(mail, 'next');

/** Another store, with an image that has something in common with mail. */
let other: GcStore;

export interface Prepared {
  readonly sound: GcStore;
  /** The same store, and a pack of it is damaged. */
  readonly hurt: GcStore;
}

export type OnStore = 'sound' | 'hurt';

/** web twice, mail, a name with a history to prune, and an image whose removal gives gc something to drop and to copy. */
export async function prepareStores(): Promise<Prepared> {
  const folder = await temporaryFolder();
  const sound = await GcStore.makeAt(join(folder, 'sound'));
  await sound.capture(seededDisk('nightly', 8 * KIB), 'nightly');
  await sound.capture(seededDisk('nightly', 8 * KIB), 'nightly');
  await sound.capture(Buffer.concat([web, seededDisk('gone', 200 * KIB)]), 'gone');
  const { publication } = await sound.capture(mail, 'mail');
  await sound.capture(web, 'web');
  await sound.capture(later, 'web');
  await sound.remove('gone');
  const hurt = sound.copyAt(join(folder, 'hurt'));
  const pack = packOf(hurt.folder, publication, 'data');
  flipByte(pack.path, partsOf(pack).frame);
  other = await GcStore.makeAt(join(folder, 'other'));
  await other.capture(next, 'next');
  return { sound, hurt };
}

/** Every image that must be there, whatever has happened. */
export async function holdsAll(t: ExecutionContext, store: GcStore, what: string): Promise<void> {
  const engine = await store.process();
  for (const [reference, bytes] of [
    ['web~1', web],
    ['web', later],
    ['mail', mail],
  ] as const)
    t.true((await store.bytesOf(reference, engine)).equals(bytes), `${what}: ${reference}`);
}

export interface Place {
  readonly store: GcStore;
  /** The store as it was before it was hurt. */
  readonly sound: GcStore;
}

export interface Operation {
  readonly name: string;
  readonly on: OnStore;
  /** Does it, and sees that what it says is true. Findings that are no errors are returned. */
  run(engine: Engine, place: Place): Promise<readonly { readonly code: string; readonly message: string }[]>;
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'capture',
    on: 'sound',
    run: async (engine, { store }) => {
      const { image } = await capture(engine, inPieces(next), 'next', {});
      requireEqual(await store.bytesOf(`@${image!.id}`), next, 'what was captured');
      return [];
    },
  },
  {
    name: 'restore',
    on: 'sound',
    run: async (engine) => {
      const parts: Buffer[] = [];
      const target = new Writable({
        write(part: Buffer, _encoding, done) {
          parts.push(Buffer.from(part));
          done();
        },
      });
      await restore(engine, 'web', target, {});
      requireEqual(Buffer.concat(parts), later, 'what was restored');
      return [];
    },
  },
  {
    name: 'copy to',
    on: 'sound',
    run: async (engine, { store }) => {
      const { problems } = await copy(await other.process(), engine, [], {});
      requireEqual(await store.bytesOf('next'), next, 'what was copied');
      return problems;
    },
  },
  {
    name: 'copy from',
    on: 'sound',
    run: async (engine, { sound }) => {
      const folder = join(await temporaryFolder(), 'target');
      const target = await GcStore.makeAt(folder, {}, { averageChunkBytes: 8 * KIB });
      const { problems, copied } = await copy(engine, await target.process(), ['web~1', 'web', 'mail'], {});
      for (const { image } of copied) {
        const reference = `@${image.id}`;
        requireEqual(await target.bytesOf(reference), await sound.bytesOf(reference), image.name);
      }
      return problems;
    },
  },
  {
    name: 'verify',
    on: 'sound',
    run: async (engine) => (await verify(engine, [], {})).problems,
  },
  {
    name: 'gc',
    on: 'sound',
    run: async (engine) => {
      await gc(engine, { graceMs: 0, waitMs: 0 });
      return [];
    },
  },
  {
    name: 'scrub',
    on: 'sound',
    run: async (engine) => (await scrub(engine, {})).problems,
  },
  {
    name: 'repair',
    on: 'hurt',
    run: async (engine, { sound }) => {
      const { problems } = await scrub(engine, { repair: true }, () => sound.process());
      return problems;
    },
  },
  {
    name: 'rebuild',
    on: 'sound',
    run: async (engine, { store }) => {
      const { damagedPacks } = await rebuildIndex(engine, join(store.folder, 'index'), {});
      return damagedPacks.map((key) => ({ code: 'object-unreadable', message: `The footer of ${key}` }));
    },
  },
  {
    name: 'prune',
    on: 'sound',
    run: async (engine) => {
      await prune(engine, { names: ['nightly'], policy: { last: 1 } });
      const live = (await engine.library.list({})).filter(({ name }) => name === 'nightly');
      if (live.length !== 1) throw new Error(`prune left ${live.length} images`);
      return [];
    },
  },
];

function requireEqual(found: Buffer, wanted: Buffer, what: string): void {
  if (!found.equals(wanted)) throw new Error(`${what} has other bytes`);
}
