/**
 * Any edits between an old and a new content: overwritten, inserted, deleted, moved and zeroed ranges at all alignments,
 * often at the edges of blocks, segments and spans. Updated in place, the old becomes the new, byte for byte.
 */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Store } from '../../src/index.js';
import { temporaryFolder } from '../cli/run-doppel.js';
import { differingDataBytes } from '../support/disk-targets.js';
import { inPieces, library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { seededBytes, seededDisk, seededNumbers } from '../support/seeded-disk.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED = process.env.DOPPEL_TEST_SEED ?? String(Math.floor(Math.random() * 2 ** 32));
const ROUNDS = 16;

let store: Store;

test.before(async () => {
  const location = join(await temporaryFolder(), 'store');
  await library.initStore(location);
  store = await library.openStore(location, { parallelism: 2 });
});

test.after.always(() => store?.close());

type Random = () => number;

/** A place near an edge of something, or anywhere. */
function placeIn(length: number, random: Random): number {
  const grid = [1, 512, 4 * KIB, 64 * KIB, MIB, 4 * MIB][Math.floor(random() * 6)]!;
  const edge = grid * Math.floor((random() * length) / grid);
  const shift = random() < 0.5 ? 0 : Math.floor(random() * 3) - 1;
  return Math.min(length, Math.max(0, edge + shift));
}

function lengthOf(random: Random): number {
  const [unit, most] = [
    [1, 5000],
    [4 * KIB, 40],
    [64 * KIB, 20],
  ][Math.floor(random() * 3)]!;
  return unit! * Math.ceil(random() * most!);
}

function edit(bytes: Buffer, seed: string, random: Random): Buffer {
  const at = placeIn(bytes.length, random);
  const length = Math.min(lengthOf(random), bytes.length - at);
  const before = bytes.subarray(0, at);
  const range = bytes.subarray(at, at + length);
  const after = bytes.subarray(at + length);
  const news = seededBytes(seed, lengthOf(random));
  const edits = [
    () => Buffer.concat([before, seededBytes(seed, length), after]),
    () => Buffer.concat([before, news, range, after]),
    () => Buffer.concat([before, after]),
    () => Buffer.concat([before, Buffer.alloc(length), after]),
    () => {
      const rest = Buffer.concat([before, after]);
      const to = placeIn(rest.length, random);
      return Buffer.concat([rest.subarray(0, to), range, rest.subarray(to)]);
    },
    () => bytes.subarray(0, placeIn(bytes.length, random)),
  ];
  // Ends are cut off seldom: little would be left.
  return edits[Math.floor(random() * (random() < 0.1 ? 6 : 5))]!();
}

function edited(bytes: Buffer, seed: string): Buffer {
  const random = seededNumbers(seed);
  let result = Buffer.from(bytes);
  const count = 1 + Math.floor(random() * 12);
  for (let i = 0; i < count; i++) result = Buffer.from(edit(result, `${seed} edit ${i}`, random));
  return result;
}

test.serial(`edits from old to new, in place (DOPPEL_TEST_SEED=${SEED})`, async (t) => {
  const path = join(folderFor(t), 'disk');
  for (let round = 0; round < ROUNDS; round++) {
    const seed = `${SEED} ${round}`;
    const random = seededNumbers(seed);
    const old = seededDisk(seed, Math.floor(random() * 9 * MIB));
    const wanted = edited(old, seed);
    await store.capture(inPieces(wanted), 'edited');
    writeFileSync(path, old);
    const seeds = random() < 0.5 ? [path] : [];
    const { writtenBytes, sameBytes, differentBytes } = await store.restore('edited', path, {
      inPlace: true,
      seeds,
    });
    const why = `DOPPEL_TEST_SEED=${SEED}, round ${round}`;
    t.is(statSync(path).size, wanted.length, why);
    t.true(readFileSync(path).equals(wanted), why);
    t.true(writtenBytes <= differingDataBytes(old, wanted), why);
    t.is(sameBytes! + differentBytes!, wanted.length, why);
    truncateSync(path, 0);
  }
});
