/** What can still be had of a pack whose footer or end is not what it was: measured for every byte of it. */
import test from 'ava';
import { blake3 } from '../../src/hashing/blake3.js';
import { checkPack } from '../../src/workers/check-pack-job.js';
import type { CheckPackResult } from '../../src/workers/jobs.js';
import {
  decodePackTail,
  HASH_BYTES,
  type PackId,
  type PackTail,
  parsePackId,
} from '../../store-format/index.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { seededDisk, seededNumbers } from '../support/seeded-disk.js';

interface Pack {
  readonly id: PackId;
  readonly bytes: Buffer;
  readonly tail: PackTail;
}

const packs: Pack[] = [];

test.before(async () => {
  const store = await StoreInMemory.make({ frameBytes: 65_536 });
  for (const part of ['a', 'b']) await store.capture(seededDisk(`salvage ${part}`, 1_200_000), part);
  for (const [key, bytes] of store.place.objects) {
    const id = parsePackId(key);
    if (!key.startsWith('packs/') || id === undefined) continue;
    packs.push({ id, bytes, tail: decodePackTail(bytes, bytes.length, id, blake3) });
  }
});

function check({ id, bytes }: Pick<Pack, 'id' | 'bytes'>): CheckPackResult {
  return checkPack({ pack: id, source: bytes, depth: 'decoded', stop: new SharedArrayBuffer(4) });
}

const hex = (ids: Uint8Array, i: number) =>
  Buffer.from(ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))).toString('hex');

/** Numbers of the frames that something is missing from; what was found must be what the pack held. */
function framesLost({ tail }: Pack, found: CheckPackResult['salvaged']): number[] {
  const { frames, ids } = tail.footer;
  const salvaged = new Set(Array.from({ length: found?.lengths.length ?? 0 }, (_, i) => hex(found!.ids, i)));
  const lost: number[] = [];
  let first = 0;
  for (const [f, { entries }] of frames.entries()) {
    const own = Array.from({ length: entries }, (_, i) => hex(ids, first + i));
    if (own.some((id) => !salvaged.has(id))) lost.push(f);
    first += entries;
  }
  return lost;
}

test('any one byte of footer and trailer may turn: all but one frame at most is salvaged', (t) => {
  const random = seededNumbers('which bits');
  for (const pack of packs) {
    const { bytes, tail } = pack;
    const footer = Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
    const worst = new Map<string, number>();
    for (let at = footer; at < bytes.length; at++) {
      const hurt = Buffer.from(bytes);
      const bits = 1 + Math.floor(random() * 255);
      hurt[at]! ^= bits;
      const { fault, salvaged } = check({ id: pack.id, bytes: hurt });
      const what = `byte ${at - footer} of the footer of ${tail.footer.frames.length} frames, bits ${bits}`;
      t.truthy(fault, what);
      const lost = framesLost(pack, salvaged);
      if (lost.length > 1) worst.set(what, lost.length);
    }
    t.deepEqual([...worst], []);
  }
});

test('a pack cut off anywhere gives nothing that it did not hold, and all of it while the lengths are there', (t) => {
  const random = seededNumbers('where it ends');
  for (const pack of packs) {
    const { bytes, tail } = pack;
    const footer = Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
    const { frames, lengths, ids } = tail.footer;
    const idsAt = footer + 64 + 56 * frames.length + 4 * lengths.length;
    const known = new Set(Array.from(lengths, (_, i) => hex(ids, i)));
    for (let i = 0; i < 60; i++) {
      const size = Math.floor(random() * bytes.length);
      const { salvaged, fault, entries } = check({ id: pack.id, bytes: bytes.subarray(0, size) });
      t.truthy(fault);
      for (let n = 0; n < entries; n++) t.true(known.has(hex(salvaged!.ids, n)));
      if (size >= idsAt) t.deepEqual(framesLost(pack, salvaged), [], `cut at ${size}`);
    }
    for (const size of [idsAt, idsAt + 1, bytes.length - 177, bytes.length - 1]) {
      const { salvaged } = check({ id: pack.id, bytes: bytes.subarray(0, size) });
      t.deepEqual(framesLost(pack, salvaged), [], `cut at ${size}`);
    }
  }
});

test('a byte of a frame costs its entries and no others, and none is called good that is not', (t) => {
  const random = seededNumbers('frames');
  for (const pack of packs) {
    let first = 0;
    for (const { offset, storedBytes, entries } of pack.tail.footer.frames) {
      const hurt = Buffer.from(pack.bytes);
      hurt[offset + Math.floor(random() * storedBytes)]! ^= 1 + Math.floor(random() * 255);
      const { bad, fault, salvaged } = check({ id: pack.id, bytes: hurt });
      t.truthy(fault);
      t.is(salvaged, undefined, 'the footer is believed');
      t.true(bad.length > 0 && bad.every((ordinal) => ordinal >= first && ordinal < first + entries));
      first += entries;
    }
  }
});

test('stored depth finds every flip by checksum, and then tells the same entries as decoding does', (t) => {
  const random = seededNumbers('stored');
  for (const pack of packs) {
    for (let i = 0; i < 40; i++) {
      const hurt = Buffer.from(pack.bytes);
      hurt[Math.floor(random() * hurt.length)]! ^= 1 + Math.floor(random() * 255);
      const job = { pack: pack.id, source: hurt, stop: new SharedArrayBuffer(4) };
      const stored = checkPack({ ...job, depth: 'stored' });
      t.truthy(stored.fault);
      t.deepEqual(stored.bad, checkPack({ ...job, depth: 'decoded' }).bad);
    }
    const sound = checkPack({
      pack: pack.id,
      source: pack.bytes,
      depth: 'stored',
      stop: new SharedArrayBuffer(4),
    });
    t.is(sound.fault, undefined);
  }
});
