/** Captures, copies, removals and gc over three stores at random, against a map of what each image holds. */
import test from 'ava';
import { gc } from '../../src/gc/gc.js';
import { verify } from '../../src/verify/verify.js';
import { seededBytes, seededDisk, seededNumbers } from '../support/seeded-disk.js';
import { CopyStore, copyBetween, type Sort } from './copy-store.js';

const KIB = 1024;
const seed = process.env.DOPPEL_SEED ?? String(Date.now());
const STEPS = 24;
const COMPANIES: readonly (readonly Sort[])[] = [
  ['plain', 'plain', 'other chunks'],
  ['plain', 'keys', 'keys'],
];

for (const sorts of COMPANIES) {
  test(`stores of ${sorts.join(', ')}: every image is what it was captured as, wherever it went`, async (t) => {
    t.log(`DOPPEL_SEED=${seed} repeats it`);
    const random = seededNumbers(`${seed} ${sorts}`);
    const below = (count: number) => Math.floor(random() * count);
    const stores = await Promise.all(sorts.map((sort) => CopyStore.make(t, sort)));
    /** Image id -> its bytes. */
    const held = new Map<string, Buffer>();
    /** Ids of the images that each store must have. */
    const there = stores.map(() => new Set<string>());
    let last = seededDisk(`${seed} first`, 200 * KIB);
    for (let step = 0; step < STEPS; step++) {
      const which = below(stores.length);
      const store = stores[which]!;
      const ids = [...there[which]!];
      const what = random();
      if (what < 0.35 || ids.length === 0) {
        last =
          random() < 0.3 ? nextDisk(`${seed} ${step}`, random) : changedDisk(last, `${seed} ${step}`, random);
        const { id } = await store.capture(last, `name-${below(2)}`);
        held.set(id, last);
        there[which]!.add(id);
      } else if (what < 0.85) {
        const other = (which + 1 + below(2)) % stores.length;
        const wanted = ids.filter(() => random() < 0.6);
        const references = wanted.map((id) => `@${id}`);
        const all = random() < 0.3;
        const result = await copyBetween(
          store,
          stores[other]!,
          all ? [] : references.length > 0 ? references : [`@${ids[0]}`],
        );
        t.deepEqual(result.problems, []);
        for (const id of all ? ids : wanted.length > 0 ? wanted : [ids[0]!]) {
          const told = result.copied.some(({ image }) => image.id === id);
          const known = result.alreadyThere.find((image) => image.id === id);
          t.true(told !== (known !== undefined), `step ${step}: ${id}`);
          if (known?.removed !== true) there[other]!.add(id);
        }
      } else if (what < 0.93) {
        const id = ids[below(ids.length)]!;
        await (await store.process()).library.remove(`@${id}`);
        there[which]!.delete(id);
      } else await gc(await store.process(), { graceMs: 0, waitMs: 0 });
    }
    for (const [i, store] of stores.entries()) {
      await gc(await store.process(), { graceMs: 0, waitMs: 0 });
      t.deepEqual((await verify(await store.process(), [], {})).problems, []);
      t.deepEqual((await store.images()).map(({ id }) => id).sort(), [...there[i]!].sort());
      for (const id of there[i]!) await store.restores(t, `@${id}`, held.get(id)!, `${id} in store ${i}`);
    }
  });
}

function nextDisk(name: string, random: () => number): Buffer {
  return seededDisk(name, Math.floor(random() * 300 * KIB));
}

/** A few runs are other ones, and perhaps its end is elsewhere. */
function changedDisk(disk: Buffer, name: string, random: () => number): Buffer {
  const length = random() < 0.3 ? Math.floor(disk.length * (0.5 + random())) : disk.length;
  const changed = Buffer.alloc(length);
  disk.copy(changed);
  for (let run = 0; run < 3; run++)
    seededBytes(`${name} ${run}`, Math.floor(random() * 8 * KIB)).copy(
      changed,
      Math.floor(random() * length),
    );
  return changed;
}
