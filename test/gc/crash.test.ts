/** gc whose process dies at each of its changes in turn: the next run clears up, and no image is ever hurt. */
import test from 'ava';
import { StoreError } from '../../src/errors.js';
import { gc } from '../../src/gc/gc.js';
import type { Hold, ObjectStore, Upload } from '../../src/objects/object-store.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';
import { packFiles } from '../support/store-files.js';
import { GcStore } from './gc-store.js';

const MIB = 1024 ** 2;

/** A process that can make so many changes, and then is gone. */
class MortalStore {
  readonly holds: Hold[] = [];
  readonly uploads: Upload[] = [];
  #left: number;

  constructor(
    private readonly objects: ObjectStore,
    changes: number,
  ) {
    this.#left = changes;
  }

  get isDead(): boolean {
    return this.#left < 0;
  }

  wrapped(): ObjectStore {
    const { objects } = this;
    const alive = <A extends unknown[], R>(verb: (...words: A) => Promise<R>, changes: boolean) => {
      return async (...words: A): Promise<R> => {
        if (changes) this.#left--;
        if (this.isDead) throw new StoreError('io-failed', 'The process is dead');
        return verb(...words);
      };
    };
    return {
      location: objects.location,
      readOnly: false,
      get: alive(objects.get.bind(objects), false),
      size: alive(objects.size.bind(objects), false),
      modified: alive(objects.modified.bind(objects), false),
      list: alive(objects.list.bind(objects), false),
      isHeld: alive(objects.isHeld.bind(objects), false),
      settle: alive(objects.settle.bind(objects), false),
      delete: alive(objects.delete.bind(objects), true),
      put: alive(objects.put.bind(objects), true),
      claim: alive(objects.claim.bind(objects), true),
      sweep: alive(objects.sweep.bind(objects), true),
      upload: async (owner) => {
        const upload = await alive(objects.upload.bind(objects), true)(owner);
        this.uploads.push(upload);
        return {
          append: alive(upload.append.bind(upload), false),
          finish: alive(upload.finish.bind(upload), true),
          abort: async () => {},
        };
      },
      hold: async (key, bytes) => {
        const hold = await alive(objects.hold.bind(objects), true)(key, bytes);
        this.holds.push(hold);
        return { release: alive(hold.release.bind(hold), true), leave: hold.leave.bind(hold) };
      },
    };
  }
}

test('killed before each change in turn', async (t) => {
  const web = seededDisk('web', 1.5 * MIB);
  const later = editedDisk(web, 'later');
  const prepared = await GcStore.make(t);
  await prepared.capture(Buffer.concat([web, seededDisk('more', MIB / 2)]), 'web');
  await prepared.capture(later, 'later');
  await prepared.remove('web');
  let deaths = 0;
  for (let changes = 0; ; changes++) {
    const store = prepared.copyFor(t);
    let mortal: MortalStore | undefined;
    const process = await store.process((objects) => {
      mortal = new MortalStore(objects, changes);
      return mortal.wrapped();
    });
    const outcome = await gc(process, { waitMs: 0 }).catch((error: unknown) => error);
    for (const hold of mortal!.holds) await hold.leave().catch(() => undefined);
    await store.restores(t, 'later', later, `killed before change ${changes}`);
    await store.gc({ graceMs: 0 });
    await store.restores(t, 'later', later, `cleared up after change ${changes}`);
    for (const left of ['condemned', 'leases', 'tmp'])
      t.deepEqual(store.names(left), [], `${left}, ${changes}`);
    t.true(
      packFiles(store.folder).length <= 4,
      `${packFiles(store.folder).length} packs after change ${changes}`,
    );
    for (const upload of mortal!.uploads) await upload.abort(); // only now: it would clear up for the dead
    if (!mortal!.isDead) {
      t.false(outcome instanceof Error, String(outcome));
      break;
    }
    deaths++;
  }
  t.log(`${deaths} deaths`);
  t.true(deaths > 15);
});
