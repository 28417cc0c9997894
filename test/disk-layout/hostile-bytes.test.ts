/**
 * Disks that somebody broke at random, or on purpose: real ones, with bytes changed where it hurts, cut, with bad sectors, and
 * with the checksums of the GPT made right again so that the lie is believed. There must be an answer that the store's schema
 * takes, for a bounded amount of reading, inside the disk. `SEED=…` repeats a run.
 */

import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { ByteReader } from '../../src/disk-layout/index.js';
import { checkedLayout, copyInto, createDisk, hasTools, MIB, run } from './real-tools.js';

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.RUNS ?? 400);
/** The budget of the whole disk, as the room promises it: 32,768 pages. */
const MAX_READ_BYTES = 128 * MIB;

interface Part {
  readonly size: number;
  readonly tool: string;
  readonly args: readonly string[];
}

const PARTS: readonly Part[] = [
  { size: 2 * MIB, tool: 'mkfs.vfat', args: ['-F', '12', '-n', 'TWELVE'] },
  { size: 36 * MIB, tool: 'mkfs.vfat', args: ['-F', '32', '-s', '1', '-n', 'THIRTYTWO'] },
  { size: 4 * MIB, tool: 'mkfs.exfat', args: ['-L', 'ex'] },
  { size: 4 * MIB, tool: 'mkfs.ntfs', args: ['-q', '-F', '-Q', '-L', 'nt'] },
  { size: 4 * MIB, tool: 'mkfs.ext4', args: ['-q', '-O', '^metadata_csum', '-L', 'ext'] },
  { size: 2 * MIB, tool: 'mkswap', args: ['-L', 'swap'] },
];

async function createBase(t: ExecutionContext, label: 'gpt' | 'dos'): Promise<Buffer> {
  let end = MIB;
  const places = PARTS.map(({ size }) => {
    const offset = end;
    end += size + MIB;
    return offset;
  });
  const disk = await createDisk(t, end + MIB);
  // In an MBR all but the first go into one box, with a record of the chain in front of each.
  const box = label === 'dos' ? [`2: start=${(places[1]! - MIB / 2) / 512}, type=f`] : [];
  const numberOf = (i: number) => (label === 'dos' && i > 0 ? i + 4 : i + 1);
  const lines = PARTS.map(({ size }, i) => `${numberOf(i)}: start=${places[i]! / 512}, size=${size / 512}`);
  await run('sfdisk', ['-q', disk], [`label: ${label}`, lines[0], ...box, ...lines.slice(1)].join('\n'));
  for (const [i, { size, tool, args }] of PARTS.entries()) {
    const path = await createDisk(t, size);
    await run(tool, [...args, path]);
    await copyInto(disk, places[i]!, path);
  }
  return readFile(disk);
}

interface Mutation {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Where a layout is decided: all pages that an undisturbed reading touches. */
async function hotPages(base: Buffer): Promise<number[]> {
  const pages = new Set<number>();
  const layout = await checkedLayout({
    size: base.length,
    async read(offset, length) {
      const bytes = base.subarray(offset, offset + length);
      if (bytes.some((byte) => byte !== 0)) pages.add(offset);
      return bytes;
    },
  });
  if (layout.partitions.filter((partition) => partition.fileSystem).length !== PARTS.length)
    throw new Error('Bad base');
  return [...pages];
}

function mutations(pages: readonly number[]) {
  const at = fc.tuple(
    fc.constantFrom(...pages),
    fc.oneof(fc.nat(4095), fc.nat(511), fc.integer({ min: 440, max: 512 })),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 16 }),
    fc.constantFrom(1, 2, 4, 8).map((length) => new Uint8Array(length).fill(0xff)),
    fc.constantFrom(1, 2, 4, 8, 512).map((length) => new Uint8Array(length)),
    fc.constantFrom(0x7f, 0x80).map((top) => Uint8Array.of(0xff, 0xff, 0xff, top)),
  );
  return fc.array(
    fc.tuple(at, bytes).map(([[page, within], changed]): Mutation => ({ at: page + within, bytes: changed })),
    { minLength: 1, maxLength: 12 },
  );
}

/** The base with changes laid over it: copying it for each run would cost more than reading it. */
function changedReader(base: Buffer, changes: readonly Mutation[], size: number, badAt: number | undefined) {
  const spent = { bytes: 0, outside: 0 };
  const reader: ByteReader = {
    size,
    async read(offset, length) {
      spent.bytes += length;
      if (!(offset >= 0 && length > 0 && offset + length <= size)) spent.outside++;
      if (badAt !== undefined && badAt >= offset && badAt < offset + length) throw new Error('EIO');
      const bytes = Buffer.from(base.subarray(offset, Math.min(offset + length, size)));
      for (const change of changes) {
        const from = change.at - offset;
        for (const [i, byte] of change.bytes.entries())
          if (from + i >= 0 && from + i < bytes.length) bytes[from + i] = byte;
      }
      return bytes;
    },
  };
  return { reader, spent };
}

/** What a forger would add: both checksums of the primary GPT, right for the changed bytes. */
async function forgery(base: Buffer, changes: readonly Mutation[]): Promise<Mutation[]> {
  const { reader } = changedReader(base, changes, base.length, undefined);
  const head = Buffer.from(await reader.read(0, 1024 + 128 * 1024));
  const header = head.subarray(512, 512 + Math.min(512, Math.max(92, head.readUInt32LE(512 + 12))));
  const tableBytes = Math.min(128 * 1024, head.readUInt32LE(512 + 80) * head.readUInt32LE(512 + 84));
  header.writeUInt32LE(crc32(head.subarray(1024, 1024 + tableBytes)), 88);
  header.writeUInt32LE(0, 16);
  header.writeUInt32LE(crc32(header), 16);
  return [...changes, { at: 512, bytes: Uint8Array.from(header) }];
}

for (const label of ['gpt', 'dos'] as const) {
  test.serial(`Random changes to a ${label} disk never hurt the reader`, async (t) => {
    if (!(await hasTools(t, 'sfdisk', 'dd', ...PARTS.map((part) => part.tool)))) return;
    const base = await createBase(t, label);
    const pages = await hotPages(base);
    const size = fc.oneof(
      { weight: 4, arbitrary: fc.constant(base.length) },
      { weight: 1, arbitrary: fc.nat(base.length) },
    );
    const bad = fc.option(fc.constantFrom(...pages), { nil: undefined, freq: 4 });
    t.log(`seed ${SEED}, ${RUNS} runs over ${pages.length} pages`);
    await fc.assert(
      fc.asyncProperty(mutations(pages), size, bad, fc.boolean(), async (changes, cut, badAt, isForged) => {
        const all = isForged && label === 'gpt' ? await forgery(base, changes) : changes;
        const { reader, spent } = changedReader(base, all, cut, badAt);
        const { notes } = await checkedLayout(reader);
        if (notes?.some((note) => note.includes('could not be examined')))
          throw new Error(`A probe threw: ${notes}`);
        if (spent.outside > 0) throw new Error('Read outside the disk');
        if (spent.bytes > MAX_READ_BYTES) throw new Error(`Read ${spent.bytes} bytes`);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    t.pass();
  });
}

/** Enough of each signature that its probe reads on. */
const STAMPS: readonly (readonly [at: number, bytes: string])[] = [
  [0, 'XFSB'],
  [0, 'hsqs'],
  [0, 'LUKS\xba\xbe\0\x01'],
  [0, '\xeb\x58\x90-FVE-FS-'],
  [0, '\xfc\x4e\x2b\xa9\x01\0\0\0'],
  [3, 'NTFS    '],
  [3, 'EXFAT   '],
  [0x52, 'FAT32   '],
  [0x36, 'FAT16   '],
  [512, 'LABELONE'],
  [512, 'EFI PART'],
  [510, '\x55\xaa'],
  [1024 + 0x38, '\x53\xef'],
  [1024, '\x10\x20\xf5\xf2'],
  [4086, 'SWAPSPACE2'],
  [16 * 1024, '\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\0\0\x30'],
  [0x8000, '\x01CD001'],
  [0x8800, '\x02CD001'],
  [0x10040, '_BHRfS_M'],
];

test.serial('Noise with a signature in it is read in bounded time too', async (t) => {
  t.log(`seed ${SEED}`);
  const stamps = fc.subarray([...STAMPS], { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.constantFrom(0, 0.5, 0.95), stamps, async (seed, zeros, stamped) => {
      const noise = makeNoise(seed, zeros);
      for (const [at, bytes] of stamped) noise.write(bytes, at, 'latin1');
      const { notes } = await checkedLayout({
        size: 65 * MIB, // the same noise over and over: a member of ZFS has at least 64 MiB
        read: async (offset, length) =>
          noise.subarray(offset % noise.length, (offset % noise.length) + length),
      });
      if (notes?.some((note) => note.includes('could not be examined')))
        throw new Error(`A probe threw: ${notes}`);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  t.pass();
});

/** 17 pages: up to the superblock of btrfs. `zeros` is their share. */
function makeNoise(seed: number, zeros: number): Buffer {
  const noise = Buffer.alloc(17 * 4096);
  let state = seed | 1;
  for (let at = 0; at < noise.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    if (((state >>> 8) & 0xff) / 256 >= zeros) noise[at] = state;
  }
  return noise;
}

const CHAINS: readonly (readonly [what: string, isCostly: boolean, next: (cluster: number) => number])[] = [
  ['runs in a circle', false, (cluster) => (cluster === 2 ? 3 : 2)],
  ['is long', true, (cluster) => cluster + 1],
];

for (const [what, isCostly, next] of CHAINS) {
  test.serial(
    `A thousand partitions with a root directory that ${what} are read in bounded time`,
    async (t) => {
      const bytes = forgedGpt(1024, 16 * MIB, next);
      const started = performance.now();
      let read = 0;
      const layout = await checkedLayout({
        size: bytes.length,
        async read(offset, length) {
          read += length;
          return bytes.subarray(offset, offset + length);
        },
      });
      const ms = Math.round(performance.now() - started);
      t.log(`${ms} ms, ${read} bytes read`);
      t.is(layout.partitions.length, 1024);
      t.is(layout.partitions[0]?.fileSystem?.type, 'vfat');
      t.true(read <= MAX_READ_BYTES);
      t.is(layout.notes?.some((note) => note.includes('gave up')) ?? false, isCostly);
      t.true(ms < 60_000);
    },
  );
}

/** Every slot in use, all of them for the same FAT32 volume. */
function forgedGpt(slots: number, size: number, next: (cluster: number) => number): Buffer {
  const bytes = Buffer.alloc(size, 0xe5); // deleted entries wherever a directory is looked for
  bytes.fill(0, 0, 512);
  bytes[450] = 0xee;
  bytes.writeUInt32LE(1, 454);
  bytes.writeUInt32LE(size / 512 - 1, 458);
  bytes.writeUInt16BE(0x55aa, 510);
  const table = bytes.subarray(1024, 1024 + slots * 128);
  for (let slot = 0; slot < slots; slot++) {
    table.fill(0xa5, slot * 128, slot * 128 + 32);
    table.fill(0, slot * 128 + 48, slot * 128 + 128);
    table.writeBigUInt64LE(2048n, slot * 128 + 32);
    table.writeBigUInt64LE(BigInt(size / 512 - 1), slot * 128 + 40);
  }
  forgeFat(bytes.subarray(MIB), next);
  const header = bytes.subarray(512, 604).fill(0);
  header.write('EFI PART');
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(size / 512), 48);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(slots, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header), 16);
  return bytes;
}

function forgeFat(sector: Buffer, next: (cluster: number) => number): void {
  sector.fill(0, 0, 4096);
  sector.writeUInt16LE(512, 11);
  sector[13] = 128; // clusters of 64 KiB
  sector.writeUInt16LE(7, 14); // so that clusters lie on pages: each step costs one
  sector[16] = 1;
  sector[21] = 0xf8;
  sector.writeUInt32LE(16_000, 32);
  sector.writeUInt32LE(1, 36);
  sector.writeUInt32LE(2, 44);
  sector.write('FAT32   ', 0x52);
  sector.writeUInt16BE(0x55aa, 510);
  for (let cluster = 2; cluster < 128; cluster++) sector.writeUInt32LE(next(cluster), 3584 + 4 * cluster);
}
