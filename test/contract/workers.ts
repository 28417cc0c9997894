/** What workers must do, be they threads or none. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import type { Workers } from '../../src/workers/jobs.js';
import { FrameCodec } from '../../store-format/index.js';
import { blake3 } from '../format/oracle.js';
import { folderFor } from '../support/machine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;
const CHUNKER = {
  algorithm: 'fastcdc',
  minBytes: 4096,
  averageBytes: 16_384,
  maxBytes: 65_536,
  holeBlocks: 1,
  gearSeed: '0'.repeat(64),
} as const;

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return memory;
}

export function testWorkers(test: TestFn, title: string, make: () => Workers): void {
  test(`${title}: hash gives the digest of each segment`, async (t) => {
    const workers = make();
    const disk = seededDisk('hash', 2 * MIB + 777);
    const { digests, failure } = await workers.hash({ memory: shared(disk), length: disk.length });
    t.is(failure, undefined);
    for (const [i, start] of [0, MIB, 2 * MIB].entries()) {
      const expected = Buffer.from(blake3(disk.subarray(start, start + MIB)));
      t.true(expected.equals(digests.subarray(32 * i, 32 * (i + 1))));
    }
    await workers.close();
  });

  test(`${title}: scan gives the same from memory and from a file; a short file is a failure`, async (t) => {
    const workers = make();
    const disk = seededDisk('scan', 3 * MIB + 5);
    const path = join(folderFor(t), 'disk');
    writeFileSync(path, disk);
    const fd = openSync(path, 'r+');
    const length = disk.length;
    const file = { fd, offset: 0, onReadError: 'fail', sectorSize: 512 } as const;
    const fromMemory = await workers.scan({ memory: shared(disk), length, chunker: CHUNKER });
    const fromFile = await workers.scan({
      memory: new SharedArrayBuffer(length),
      length,
      file,
      chunker: CHUNKER,
    });
    t.deepEqual(fromFile, fromMemory);
    t.is(fromMemory.segments.length, 3 * 4);
    ftruncateSync(fd, MIB);
    const short = await workers.scan({
      memory: new SharedArrayBuffer(length),
      length,
      file,
      chunker: CHUNKER,
    });
    t.is(short.failure?.errno, 'EOF');
    t.is(short.failure?.offset, MIB);
    closeSync(fd);
    await workers.close();
  });

  for (const [kind, plain] of [
    ['text', Buffer.from('all work and no play makes it compress\n'.repeat(20_000))],
    ['noise', seededBytes('noise', 500_000)],
  ] as const) {
    test(`${title}: compress and fetch give ${kind} back, and what is wrong is not written`, async (t) => {
      const workers = make();
      const folder = folderFor(t);
      // In two pieces, with something else between them.
      const half = plain.length >> 1;
      const memory = new SharedArrayBuffer(plain.length + 1000);
      new Uint8Array(memory).set(plain.subarray(0, half));
      new Uint8Array(memory).fill(0xee, half, half + 1000);
      new Uint8Array(memory).set(plain.subarray(half), half + 1000);
      const pieces = [0, half, half + 1000, plain.length - half];
      const [frame] = await workers.compress({ memory, frames: [{ pieces }], level: 3 });
      if (frame === undefined) return t.fail('no frame');
      t.is(frame.plainBytes, plain.length);
      t.is(frame.codec, kind === 'text' ? FrameCodec.zstd : FrameCodec.stored);
      const stored = Buffer.from(Buffer.from(memory, frame.offset, frame.storedBytes));
      t.true(Buffer.from(blake3(stored)).equals(frame.hash));
      const pack = join(folder, 'pack');
      writeFileSync(pack, Buffer.concat([Buffer.alloc(100), stored]));
      const target = openSync(join(folder, 'target'), 'w+');
      const ids = Buffer.concat([
        blake3(plain.subarray(0, 1000)),
        blake3(Buffer.from('another')),
        blake3(plain.subarray(2000, 3000)),
      ]);
      const result = await workers.fetch({
        frames: [
          {
            source: pack,
            offset: 100,
            storedBytes: stored.length,
            plainBytes: plain.length,
            codec: frame.codec,
            pieces: 3,
          },
        ],
        offsets: Uint32Array.of(0, 1000, 2000),
        lengths: Uint32Array.of(1000, 1000, 1000),
        targets: Float64Array.of(5000, 6000, 0),
        ids,
        target: { kind: 'file', fd: target },
        keepFrames: false,
      });
      t.deepEqual(
        result.bad.map(({ piece }) => piece),
        [1],
      );
      t.is(result.writtenBytes, 2000);
      const expected = Buffer.alloc(6000);
      plain.copy(expected, 5000, 0, 1000);
      plain.copy(expected, 0, 2000, 3000);
      t.true(readFileSync(join(folder, 'target')).equals(expected));
      closeSync(target);
      await workers.close();
    });
  }

  test(`${title}: fetch writes the blocks that differ, on the grid of the target`, async (t) => {
    const workers = make();
    const folder = folderFor(t);
    const plain = seededBytes('differs', 200_000);
    const at = 3 * MIB - 70_001;
    const old = Buffer.concat([seededBytes('around', at), plain.subarray(0, 150_000)]);
    const places = [0, 5000, 8192, 100_000, 149_999];
    for (const place of places) old[at + place]! ^= 1;
    const path = join(folder, 'target');
    writeFileSync(path, old);
    const fd = openSync(path, 'r+');
    const { writtenBytes, bad } = await workers.fetch({
      frames: [
        {
          source: plain,
          offset: 0,
          storedBytes: plain.length,
          plainBytes: plain.length,
          codec: FrameCodec.stored,
          pieces: 1,
        },
      ],
      offsets: Uint32Array.of(0),
      lengths: Uint32Array.of(plain.length),
      targets: Float64Array.of(at),
      ids: blake3(plain),
      target: { kind: 'differences', fd },
      keepFrames: false,
    });
    t.deepEqual(bad, []);
    t.true(readFileSync(path).equals(Buffer.concat([old.subarray(0, at), plain])));
    // Four blocks changed, the first of them from where the piece begins; the last and all behind it are new.
    const blockOf = (place: number) => Math.floor((at + place) / 4096);
    const first = 4096 - (at % 4096);
    const inside = new Set(places.slice(1, 4).map(blockOf));
    t.false(inside.has(blockOf(0)));
    t.is(writtenBytes, first + 4096 * inside.size + (at + plain.length - 4096 * blockOf(149_999)));
    closeSync(fd);
    await workers.close();
  });

  test(`${title}: two ids that claim one place are both checked`, async (t) => {
    const workers = make();
    const plain = seededBytes('claimed', 10_000);
    const { bad } = await workers.fetch({
      frames: [
        {
          source: plain,
          offset: 0,
          storedBytes: 10_000,
          plainBytes: 10_000,
          codec: FrameCodec.stored,
          pieces: 3,
        },
      ],
      offsets: Uint32Array.of(0, 0, 0),
      lengths: Uint32Array.of(10_000, 10_000, 10_000),
      targets: Float64Array.of(0, 1, 2),
      ids: Buffer.concat([blake3(plain), blake3(plain), blake3(Buffer.from('another'))]),
      target: { kind: 'none' },
      keepFrames: false,
    });
    t.deepEqual(
      bad.map(({ piece }) => piece),
      [2],
    );
    await workers.close();
  });

  test(`${title}: compare settles segments, and compareChunks what is in them`, async (t) => {
    const workers = make();
    const wanted = seededBytes('compare', 3 * MIB + 100);
    wanted.fill(0, MIB, 2 * MIB);
    const held = Buffer.from(wanted.subarray(0, 3 * MIB - 5000));
    held[MIB + 5000] = 1;
    held[MIB + 9000] = 1;
    held[MIB + 300_000] = 1;
    const path = join(folderFor(t), 'disk');
    writeFileSync(path, held);
    const fd = openSync(path, 'r');
    const memory = new SharedArrayBuffer(4 * MIB);
    new Uint8Array(memory).fill(7);
    const digests = Buffer.concat(
      [0, MIB, 2 * MIB, 3 * MIB].map((start) => blake3(wanted.subarray(start, start + MIB))),
    );
    const file = { fd, offset: 0, onReadError: 'zero', sectorSize: 512 } as const;
    const job = { memory, length: wanted.length, heldBytes: held.length, file, digests };
    const { same, badRanges, failure } = await workers.compare(job);
    t.is(failure, undefined);
    t.deepEqual([...same], [1, 0, 0, 0]);
    t.deepEqual(badRanges, []);
    const chunks = [2 * MIB, 10_000, 3 * MIB - 10_000, 10_000, 3 * MIB, 100];
    const idsOf = [0, 2, 4].map((i) => blake3(wanted.subarray(chunks[i], chunks[i]! + chunks[i + 1]!)));
    const closer = await workers.compareChunks({
      memory,
      badRanges: [],
      chunks: Uint32Array.from(chunks),
      ids: Buffer.concat(idsOf),
      holes: Uint32Array.of(MIB, MIB),
    });
    t.deepEqual([...closer.same], [1, 0, 0]);
    t.deepEqual([...closer.dirty], [MIB + 4096, 8192, MIB + 73 * 4096, 4096]);
    const bad = { offset: 2 * MIB + 5000, length: 512 };
    const doubted = await workers.compareChunks({
      memory,
      badRanges: [bad, { offset: MIB + 65_536, length: 512 }],
      chunks: Uint32Array.from(chunks),
      ids: Buffer.concat(idsOf),
      holes: Uint32Array.of(MIB + 65_536, 8192),
    });
    t.deepEqual([...doubted.same], [0, 0, 0], 'what could not be read is not right');
    t.deepEqual([...doubted.dirty], [MIB + 65_536, 4096]);
    const short = await workers.compare({ ...job, heldBytes: held.length + 1 });
    t.is(short.failure?.errno, 'EOF');
    closeSync(fd);
    await workers.close();
  });

  test(`${title}: clear makes a range read as zeros`, async (t) => {
    const workers = make();
    const path = join(folderFor(t), 'disk');
    const disk = seededBytes('clear', 2 * MIB);
    writeFileSync(path, disk);
    const fd = openSync(path, 'r+');
    await workers.clear({ fd, ranges: Float64Array.of(4097, MIB) });
    disk.fill(0, 4097, 4097 + MIB);
    t.true(readFileSync(path).equals(disk));
    closeSync(fd);
    await workers.close();
  });
}
