/**
 * The store that the tamper table works on, and where a tamperer has other objects from:
 *
 *   ours       the damage table's store with keys, with two slots that a passphrase opens
 *   older      the same a while later: what was deleted since is at hand
 *   stranger   a store with the same images and the same passphrase, but keys of its own
 *   twin       a store with the same keys, names, contents and numbers: all that differs is its id
 *   open       a store without keys, with the same images
 *   forged     the same objects, written anew by somebody who has every key but those that sign and those that read
 */
import { changeConfig } from '../../../src/engine/config-records.js';
import { systemEnvironment } from '../../../src/environment.js';
import { gc } from '../../../src/gc/gc.js';
import { seededBytes } from '../../support/seeded-disk.js';
import { type PreparedStore, prepareStore } from '../damage-table/prepared-store.js';
import { forgedBy, type Objects, twinOf } from './forgeries.js';
import { type KindName, pairOf } from './kinds.js';
import { addSlot, PASSPHRASE } from './slots.js';

export type Source = 'stranger' | 'twin' | 'open' | 'forged';

export interface PreparedStores {
  readonly ours: PreparedStore;
  readonly older: { readonly prepared: PreparedStore; readonly deleted: Objects };
  /** An object for the place of the one of ours that the table hurts; undefined where there is no such thing. */
  readonly from: (source: Source, kind: KindName) => Buffer | undefined;
}

const { random } = systemEnvironment();

export async function prepareStores(): Promise<PreparedStores> {
  const ours = await withSlots(await prepareStore('keyed'));
  const stranger = await withSlots(await prepareStore('keyed'));
  const open = await prepareStore('open');
  const { clear, forged } = await forgedBy(ours);
  const twin = await twinOf(ours);
  const isPack = (kind: KindName) => kind.endsWith('pack');
  const theirs = (store: PreparedStore, kind: KindName) =>
    store.store.place.objects.get(pairOf(kind, store)[0]);
  return {
    ours,
    older: await laterOn(ours),
    from: (source, kind) => {
      const [key] = pairOf(kind, ours);
      if (source === 'stranger') return theirs(stranger, kind);
      if (source === 'open') return isPack(kind) ? theirs(open, kind) : clear.get(key);
      return source === 'twin' ? twin(kind, key) : forged.get(key);
    },
  };
}

/** Two more ways in, both by a passphrase. */
async function withSlots(prepared: PreparedStore): Promise<PreparedStore> {
  for (const [i, passphrase] of [PASSPHRASE, `${PASSPHRASE} of another`].entries())
    await addSlot(prepared.store, passphrase, Buffer.alloc(16, i + 1));
  // So that both open it by the config before the one in force as well, and by the one before that.
  for (let n = 0; n < 2; n++) await changeConfig(await prepared.store.objects(), (config) => config);
  return prepared;
}

/** An image and a slot come and go, a pin goes, and gc takes what can go. */
async function laterOn(prepared: PreparedStore): Promise<PreparedStores['older']> {
  const store = prepared.store.copy();
  const { objects } = store.place;
  const deleted = new Map<string, Buffer>();
  const remember = () => {
    for (const [key, bytes] of objects) deleted.set(key, bytes);
  };
  const past = await store.capture(seededBytes('past', 100_000), 'past');
  const slot = await addSlot(store, 'of somebody who left', random(16));
  remember();
  await changeConfig(await store.objects(), (config) => {
    const { encryption } = config as Required<typeof config>;
    const { [slot.slice('keys/'.length)]: _, ...grants } = encryption.grants;
    return { ...config, encryption: { ...encryption, grants } };
  });
  for (const key of [slot, store.place.keysIn('pins')[0]!]) objects.delete(key);
  const at = (hours: number) => store.process({ hoursLater: hours });
  await (await at(-200)).library.remove(`@${past.id}`);
  for (const hours of [-100, -50, -1]) {
    remember();
    await gc(await at(hours), { waitMs: 0 });
  }
  for (const key of objects.keys()) deleted.delete(key);
  return { prepared: { ...prepared, store }, deleted };
}
