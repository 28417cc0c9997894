/**
 * What can still be had of a pack whose footer or end is not what it was: measured for every byte of it, in a store without
 * keys and in one with them.
 */

import { randomBytes } from 'node:crypto';
import test from 'ava';
import type { Keyring } from '../../src/encryption/keyring.js';
import { Vault } from '../../src/encryption/vault.js';
import { systemEnvironment } from '../../src/environment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import { checkPack } from '../../src/workers/check-pack-job.js';
import type { CheckPackJob, CheckPackResult } from '../../src/workers/jobs.js';
import {
  decodePackTail,
  EntryKind,
  FrameCodec,
  HASH_BYTES,
  heldBytes,
  type LeaseId,
  type PackId,
  PackKind,
  type PackTail,
  parsePackId,
} from '../../store-format/index.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { MemoryPlace, MemoryStore } from '../support/memory-store.js';
import { seededDisk, seededNumbers } from '../support/seeded-disk.js';

interface Pack {
  readonly id: PackId;
  readonly bytes: Buffer;
  readonly tail: PackTail;
  /** Of a sealed pack. */
  readonly keyring?: Keyring;
}

const packs: Pack[] = [];

async function addPacks(store: StoreInMemory, parts: readonly string[], diskBytes: number): Promise<void> {
  const { vault } = await store.objects();
  for (const part of parts) await store.capture(seededDisk(`salvage ${part}`, diskBytes), part);
  for (const [key, bytes] of store.place.objects) {
    const id = parsePackId(key);
    if (!key.startsWith('packs/') || id === undefined) continue;
    const tail = decodePackTail(bytes, bytes.length, id, blake3, vault);
    packs.push({ id, bytes, tail, ...(vault && { keyring: vault.keyring }) });
  }
}

test.before(async () => {
  await addPacks(await StoreInMemory.make({ frameBytes: 65_536 }), ['a', 'b'], 1_200_000);
  // Frames of a sealed pack take 64 KiB at least, and each byte of its end costs a look at all of them.
  await addPacks(await StoreInMemory.makeKeyed({ frameBytes: 65_536 }), ['a'], 260_000);
});

function jobOf({ id, bytes, keyring }: Omit<Pack, 'tail'>): Omit<CheckPackJob, 'depth'> {
  return { pack: id, source: bytes, stop: new SharedArrayBuffer(4), ...(keyring && { keyring }) };
}

function check(pack: Omit<Pack, 'tail'>): CheckPackResult {
  return checkPack({ ...jobOf(pack), depth: 'decoded' });
}

const hex = (ids: Uint8Array, i: number) =>
  Buffer.from(ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))).toString('hex');

/** Where nothing follows any more that tells of frames. */
function endOfLengths({ bytes, tail, keyring }: Pack): number {
  const footer = Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
  const { frames, lengths } = tail.footer;
  const rowsBytes = 56 * frames.length + 4 * lengths.length;
  if (keyring === undefined) return footer + 64 + rowsBytes;
  const idsPartBytes = bytes.readUInt32LE(footer + 128);
  return footer + 136 + idsPartBytes + 8 + 4 * frames.length + rowsBytes;
}

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

/** Parts of a sealed footer are mostly padding: a few bytes of that are enough. */
function isPadding({ bytes, tail, keyring }: Pack, at: number): boolean {
  if (keyring === undefined) return false;
  const footer = Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
  const { frames, lengths } = tail.footer;
  const [idsAt, idsBytes] = [footer + 136, bytes.readUInt32LE(footer + 128)];
  const isIn = (from: number, to: number) => at >= from && at < to && at % 64 > 0;
  return (
    isIn(idsAt + 28 + 32 * lengths.length, idsAt + idsBytes) ||
    isIn(idsAt + idsBytes + 8 + 60 * frames.length + 4 * lengths.length, bytes.length - 176)
  );
}

test('any one byte of footer and trailer may turn: all but one frame at most is salvaged', (t) => {
  const random = seededNumbers('which bits');
  for (const pack of packs) {
    const { bytes, tail } = pack;
    const footer = Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
    const worst = new Map<string, number>();
    for (let at = footer; at < bytes.length; at++) {
      if (isPadding(pack, at)) continue;
      const hurt = Buffer.from(bytes);
      const bits = 1 + Math.floor(random() * 255);
      hurt[at]! ^= bits;
      const { fault, salvaged } = check({ ...pack, bytes: hurt });
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
    const { lengths, ids } = tail.footer;
    const end = endOfLengths(pack);
    const known = new Set(Array.from(lengths, (_, i) => hex(ids, i)));
    for (let i = 0; i < 60; i++) {
      const size = Math.floor(random() * bytes.length);
      const { salvaged, fault, entries } = check({ ...pack, bytes: bytes.subarray(0, size) });
      t.truthy(fault);
      for (let n = 0; n < entries; n++) t.true(known.has(hex(salvaged!.ids, n)));
      if (size >= end) t.deepEqual(framesLost(pack, salvaged), [], `cut at ${size}`);
    }
    for (const size of [end, end + 1, bytes.length - 177, bytes.length - 1]) {
      const { salvaged } = check({ ...pack, bytes: bytes.subarray(0, size) });
      t.deepEqual(framesLost(pack, salvaged), [], `cut at ${size}`);
    }
  }
});

test('a byte of a frame costs its entries and no others, and none is called good that is not', (t) => {
  const random = seededNumbers('frames');
  for (const pack of packs) {
    let first = 0;
    for (const frame of pack.tail.footer.frames) {
      const { offset, entries } = frame;
      const hurt = Buffer.from(pack.bytes);
      hurt[offset + Math.floor(random() * heldBytes(frame))]! ^= 1 + Math.floor(random() * 255);
      const { bad, fault, salvaged } = check({ ...pack, bytes: hurt });
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
      const job = jobOf({ ...pack, bytes: hurt });
      const stored = checkPack({ ...job, depth: 'stored' });
      t.truthy(stored.fault);
      t.deepEqual(stored.bad, checkPack({ ...job, depth: 'decoded' }).bad);
    }
    t.is(checkPack({ ...jobOf(pack), depth: 'stored' }).fault, undefined);
  }
});

test('the key of a sealed pack stands in it twice: either is enough, without both nothing is left', (t) => {
  for (const pack of packs.filter(({ keyring }) => keyring !== undefined)) {
    const { bytes, tail } = pack;
    const footer = Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
    t.deepEqual(bytes.subarray(16, 136), bytes.subarray(footer + 8, footer + 128));
    t.true(tail.footer.frames[0]!.offset >= 136);
    const zeroed = (...places: number[]) => {
      const hurt = Buffer.from(bytes);
      for (const at of places) hurt.fill(0, at, at + 120);
      return check({ ...pack, bytes: hurt });
    };
    t.deepEqual(framesLost(pack, zeroed(footer + 8).salvaged), []);
    const first = zeroed(16);
    t.truthy(first.fault);
    t.is(first.bad.length, 0);
    t.is(first.salvaged, undefined, 'the footer is believed');
    t.is(zeroed(16, footer + 8).salvaged, undefined);
  }
});

test('nothing is salvaged of a pack that somebody made who knows no key but the public ones', async (t) => {
  const store = await StoreInMemory.makeKeyed({ frameBytes: 65_536 });
  const { keyring } = (await store.objects()).vault!;
  const forged = keyring.memberKeys.map((key) => ({ ...key, key: randomBytes(32) }));
  for (const memberKeys of [keyring.memberKeys, forged]) {
    const pack = await packOf(new Vault({ ...keyring, memberKeys }, randomBytes));
    pack[pack.length - 1]! ^= 1; // the signature counts for nothing, whoever made it
    const { salvaged } = check({ id: 'ab'.repeat(32) as PackId, bytes: pack, keyring });
    t.is(salvaged === undefined, memberKeys === forged);
  }
});

async function packOf(vault: Vault): Promise<Buffer> {
  const place = new MemoryPlace();
  const objects = new SealedStore(new MemoryStore(place), vault);
  const lease = 'cd'.repeat(16) as LeaseId;
  const environment = systemEnvironment();
  const onPack = async () => {};
  const writer = new PackWriter({ objects, environment, kind: PackKind.data, lease, onPack });
  const stored = seededDisk('forged', 5000);
  const own = { lengths: [stored.length], ids: vault.entryHash(stored), hash: blake3(stored), stored };
  await writer.append({
    kind: EntryKind.chunk,
    codec: FrameCodec.stored,
    plainBytes: stored.length,
    ...own,
  });
  await writer.finish();
  return place.objects.get(place.keysIn('packs')[0]!)!;
}
