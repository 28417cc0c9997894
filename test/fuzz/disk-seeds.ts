/**
 * Volumes and disks to start from. Most come from real tools and lie in the corpus (their first non-zero sectors); those
 * here are what no tool of a test machine makes, and tables that hold several volumes.
 */
import { crc32 } from 'node:zlib';
import { corpusOf } from './corpus.js';
import { decodeDisk, encodeDisk, type Run } from './sparse-disk.js';

const MIB = 1024 * 1024;
const ZFS_BYTES = 80 * MIB;

export function volumeSeeds(probe: string): Buffer[] {
  return [...(CRAFTED[probe] ?? []), encodeDisk(MIB, [{ offset: 0, bytes: Buffer.alloc(512) }])];
}

/** A disk without a table; GPT and MBR with each volume that the corpus has in a partition. */
export function diskSeeds(): Buffer[] {
  const volumes = ['ext', 'vfat', 'ntfs', 'xfs', 'swap', 'luks', 'lvm2', 'exfat', 'btrfs', 'iso9660'].flatMap(
    (probe) =>
      corpusOf(`probe-${probe}`)
        .slice(0, 1)
        .map(({ bytes }) => bytes),
  );
  const small = volumes.filter((volume) => volume.length < 6000);
  return [
    ...small,
    gptDisk(small.slice(0, 4)),
    gptDisk(small.slice(4, 8)),
    mbrDisk(small.slice(0, 4)),
    mbrDisk([]),
  ];
}

/** Every volume at 64 MiB from the one before. */
function placed(volumes: readonly Buffer[]): { readonly runs: Run[]; readonly starts: number[] } {
  const starts = volumes.map((_, i) => MIB + i * 64 * MIB);
  const runs = volumes.flatMap((volume, i) =>
    decodeDisk(volume).runs.map(({ offset, bytes }) => ({ offset: offset + starts[i]!, bytes })),
  );
  return { runs, starts };
}

function gptDisk(volumes: readonly Buffer[]): Buffer {
  const size = 512 * MIB;
  const { runs, starts } = placed(volumes);
  const bytes = Buffer.alloc(1024 + 128 * 4);
  bytes[450] = 0xee;
  bytes.writeUInt32LE(1, 454);
  bytes.writeUInt32LE(size / 512 - 1, 458);
  bytes.writeUInt16BE(0x55aa, 510);
  const table = bytes.subarray(1024);
  for (const [slot, start] of starts.entries()) {
    table.fill(0xa5, slot * 128, slot * 128 + 32);
    table.writeBigUInt64LE(BigInt(start / 512), slot * 128 + 32);
    table.writeBigUInt64LE(BigInt((start + 64 * MIB) / 512 - 1), slot * 128 + 40);
    table.write(`part ${slot}`, slot * 128 + 56, 'utf16le');
  }
  const header = bytes.subarray(512, 604);
  header.write('EFI PART');
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(size / 512), 48);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(4, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header), 16);
  return encodeDisk(size, [{ offset: 0, bytes }, ...runs]);
}

/** Three primary partitions, and an extended one with a chain of two. */
function mbrDisk(volumes: readonly Buffer[]): Buffer {
  const { runs, starts } = placed(volumes);
  const extended = 400 * MIB;
  const box = (next: number) =>
    bootRecord([[0x83, 64, 1000], ...(next > 0 ? [[0x05, next, 2000] as const] : [])]);
  return encodeDisk(512 * MIB, [
    {
      offset: 0,
      bytes: bootRecord([
        ...starts.slice(0, 3).map((start) => [0x83, start / 512, 131_072] as const),
        [0x05, extended / 512, 100_000],
      ]),
    },
    ...runs.filter(({ offset }) => offset < extended),
    { offset: extended, bytes: box(4096) },
    { offset: extended + 4096 * 512, bytes: box(0) },
  ]);
}

function bootRecord(entries: readonly (readonly [type: number, first: number, sectors: number])[]): Buffer {
  const sector = Buffer.alloc(512);
  sector.writeUInt32LE(0xdeadbeef, 440);
  for (const [i, [type, first, sectors]] of entries.entries()) {
    sector[446 + 16 * i + 4] = type;
    sector.writeUInt32LE(first, 446 + 16 * i + 8);
    sector.writeUInt32LE(sectors, 446 + 16 * i + 12);
  }
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

function bitlocker(head: string, pointer: number): Buffer {
  const sector = Buffer.alloc(512);
  sector.write(head, 'latin1');
  if (pointer === 176) sector.writeUInt32LE(0x12345678, 67);
  sector.writeBigUInt64LE(65_536n, pointer);
  sector.writeUInt16BE(0x55aa, 510);
  return encodeDisk(MIB, [
    { offset: 0, bytes: sector },
    { offset: 65_536, bytes: Buffer.from('-FVE-FS-') },
  ]);
}

function zfs(): Buffer {
  const head = Buffer.alloc(12);
  head.set([1, 1, 0, 0]);
  head.writeUInt32BE(1, 8);
  const list = Buffer.concat([
    head,
    ...[
      pair('version', 5000n),
      pair('name', 'tank'),
      pair('txg', 4n),
      pair('pool_guid', 12345678901234567890n),
      pair('guid', 42n),
    ],
    Buffer.alloc(8),
  ]);
  return encodeDisk(ZFS_BYTES, [{ offset: 16 * 1024, bytes: list }]);
}

/** A name and a value in XDR. */
function pair(name: string, value: bigint | string): Buffer {
  const padded = (text: string) =>
    Buffer.concat([Buffer.from(text), Buffer.alloc((4 - (text.length % 4)) % 4)]);
  const u32 = (n: number) => Buffer.from(n.toString(16).padStart(8, '0'), 'hex');
  const body =
    typeof value === 'string'
      ? Buffer.concat([u32(9), u32(1), u32(value.length), padded(value)])
      : Buffer.concat([u32(8), u32(1), Buffer.from(value.toString(16).padStart(16, '0'), 'hex')]);
  const rest = Buffer.concat([u32(name.length), padded(name), body]);
  return Buffer.concat([u32(rest.length + 8), u32(rest.length + 8), rest]);
}

function raid(version: 0 | 1, offset: number): Buffer {
  const block = Buffer.alloc(256);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(version, 4);
  if (version === 1) {
    block.fill(0x5a, 16, 32);
    block.write('box:0', 32);
    block.writeBigUInt64LE(1000n, 80);
    block.writeBigUInt64LE(BigInt(offset / 512), 144);
  } else {
    block.writeUInt32LE(90, 8);
    block.writeUInt32LE(0x5a5a5a5a, 20);
    block.writeUInt32LE(512, 32);
  }
  return encodeDisk(MIB, [{ offset, bytes: block }]);
}

const CRAFTED: Readonly<Record<string, readonly Buffer[]>> = {
  linux_raid: [raid(1, 0), raid(1, 4096), raid(1, MIB - 8192), raid(0, MIB - 65_536)],
  zfs: [zfs()],
  bitlocker: [
    encodeDisk(MIB, [{ offset: 0, bytes: Buffer.from('\xeb\x52\x90-FVE-FS-', 'latin1') }]),
    bitlocker('\xeb\x58\x90-FVE-FS-', 176),
    bitlocker('\xeb\x58\x90MSWIN4.1', 440),
  ],
};
