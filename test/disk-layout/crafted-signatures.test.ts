/**
 * Signatures whose makers need a kernel, Windows or a package that is rarely there: written by hand as their formats say, and
 * held against blkid like the rest.
 */

import { crc32 } from 'node:zlib';
import test from 'ava';
import {
  blkid,
  blkidFileSystem,
  createDisk,
  hasTools,
  layoutOf,
  MIB,
  patch,
  withoutSize,
} from './real-tools.js';

const UUID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const SIZE = 80 * MIB + 5 * 4096;

interface Crafted {
  readonly name: string;
  readonly type: string;
  readonly uuid?: string;
  readonly label?: string;
  readonly patches: readonly (readonly [offset: number, bytes: Buffer])[];
}

const CRAFTED: readonly Crafted[] = [
  ...[0, 1, 3].map((sector) => ({
    name: `LVM2 label in sector ${sector}`,
    type: 'LVM2_member',
    uuid: 'aBcDeF-0123-4567-89ab-CDEF-ghij-klmnop',
    patches: [[sector * 512, lvmLabel(sector)]] as const,
  })),
  ...[
    ['1.0', SIZE - (SIZE % 4096) - 8192],
    ['1.1', 0],
    ['1.2', 4096],
  ].map(([version, offset]) => ({
    name: `RAID superblock ${version}`,
    type: 'linux_raid_member',
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    label: 'box:0',
    patches: [[Number(offset), raidSuperblock1(Number(offset))]] as const,
  })),
  {
    name: 'RAID superblock 0.90',
    type: 'linux_raid_member',
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    patches: [[SIZE - (SIZE % 65_536) - 65_536, raidSuperblock0()]],
  },
  { name: 'BitLocker of Vista', type: 'BitLocker', patches: [[0, text('\xeb\x52\x90-FVE-FS-')]] },
  {
    name: 'BitLocker of Windows 7',
    type: 'BitLocker',
    uuid: '0000000305419896',
    patches: [
      [0, bitlockerSector('\xeb\x58\x90-FVE-FS-', 176)],
      [2 * MIB, text('-FVE-FS-')],
    ],
  },
  {
    name: 'BitLocker to go',
    type: 'BitLocker',
    patches: [
      [0, bitlockerSector('\xeb\x58\x90MSWIN4.1', 440)],
      [2 * MIB, text('-FVE-FS-')],
    ],
  },
  {
    name: 'ZFS',
    type: 'zfs_member',
    uuid: '12345678901234567890',
    label: 'tank',
    patches: [
      [16 * 1024, zfsList()],
      ...[4, 5, 6, 7].map((i) => [(128 + i) * 1024, zfsUberblock()] as const), // blkid wants four of these
    ],
  },
  {
    name: 'swap with a hibernated system',
    type: 'swsuspend',
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    label: 'sleepy',
    patches: [
      [1024, swapHeader('LE')],
      [4086, text('S1SUSPEND')],
    ],
  },
  {
    name: 'swap of a big-endian machine',
    type: 'swap',
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    label: 'sleepy',
    patches: [
      [1024, swapHeader('BE')],
      [65_526, text('SWAPSPACE2')],
    ],
  },
  { name: 'swap of version 0', type: 'swap', patches: [[4086, text('SWAP-SPACE')]] },
];

for (const { name, type, uuid, label, patches } of CRAFTED) {
  test(`${name} is told as blkid tells it`, async (t) => {
    if (!(await hasTools(t, 'blkid'))) return;
    const disk = await createDisk(t, SIZE);
    for (const [offset, bytes] of patches) await patch(disk, offset, bytes);
    const { fileSystem, table } = await layoutOf(disk);
    t.is(table, 'none');
    t.deepEqual(withoutSize(fileSystem), { type, ...(uuid && { uuid }), ...(label && { label }) });
    t.deepEqual(withoutSize(fileSystem), await blkidFileSystem(disk));
  });
}

test('A label that is not UTF-8 is shown with escapes, as is what would steer a terminal', async (t) => {
  const disk = await createDisk(t, MIB);
  const header = swapHeader('LE');
  header.set(Buffer.from('caf\xe9 \x1b[1m\u0000', 'latin1'), 28);
  await patch(disk, 1024, header);
  await patch(disk, 4086, text('SWAPSPACE2'));
  t.is((await layoutOf(disk)).fileSystem?.label, 'caf\\xe9 \\x1b[1m');
});

test('A wrong checksum or place is not a signature', async (t) => {
  if (!(await hasTools(t, 'blkid'))) return;
  const wrong: readonly Buffer[] = [lvmLabel(1), raidSuperblock1(4096), flipped(lvmLabel(0), 40)];
  for (const bytes of wrong) {
    const disk = await createDisk(t, SIZE);
    await patch(disk, 0, bytes);
    t.deepEqual(await layoutOf(disk), { table: 'none', sectorSize: 512, partitions: [] });
    t.is((await blkid(disk)).get('TYPE'), undefined);
  }
});

test('Two signatures on one volume: the first of the table, and a note', async (t) => {
  const disk = await createDisk(t, SIZE);
  await patch(disk, 1024, swapHeader('LE'));
  await patch(disk, 4086, text('SWAPSPACE2'));
  await patch(disk, 16 * 1024, zfsList());
  const layout = await layoutOf(disk);
  t.is(layout.fileSystem?.type, 'swap');
  t.deepEqual(layout.notes, ['The whole disk also carries the signature of zfs_member; swap was taken']);
});

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}

function lvmLabel(sector: number): Buffer {
  const label = Buffer.alloc(512);
  label.write('LABELONE', 0);
  label.writeBigUInt64LE(BigInt(sector), 8);
  label.writeUInt32LE(32, 20);
  label.write('LVM2 001', 24);
  label.write('aBcDeF0123456789abCDEFghijklmnop', 32);
  label.writeBigUInt64LE(BigInt(SIZE), 64);
  label.writeUInt32LE(~crc32(label.subarray(20), ~0xf597a6cf >>> 0) >>> 0, 16);
  return label;
}

function raidSuperblock1(offset: number): Buffer {
  const block = Buffer.alloc(256);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  block.set(UUID, 16);
  block.write('box:0', 32);
  block.writeBigUInt64LE(1000n, 80);
  block.writeBigUInt64LE(BigInt(offset / 512), 144);
  let sum = 0;
  for (let at = 0; at < 256; at += 4) sum += block.readUInt32LE(at);
  block.writeUInt32LE(((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) >>> 0, 216);
  return block;
}

/** Little-endian numbers, so the UUID's four lie with their bytes turned round. */
function raidSuperblock0(): Buffer {
  const block = Buffer.alloc(4096);
  const words = [0xa92b4efc, 0, 90, 3, 0, UUID.readUInt32BE(0), 0, 1, 65_536, 2, 2, 0, 0];
  words.push(UUID.readUInt32BE(4), UUID.readUInt32BE(8), UUID.readUInt32BE(12));
  words.forEach((word, i) => {
    block.writeUInt32LE(word, 4 * i);
  });
  return block;
}

function bitlockerSector(head: string, pointer: number): Buffer {
  const sector = Buffer.alloc(512);
  sector.write(head, 'latin1');
  if (pointer === 176) sector.writeUInt32LE(0x12345678, 67);
  sector.writeBigUInt64LE(BigInt(2 * MIB), pointer);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

function swapHeader(order: 'LE' | 'BE'): Buffer {
  const header = Buffer.alloc(512);
  for (const [at, value] of [1, 100].entries()) {
    if (order === 'LE') header.writeUInt32LE(value, 4 * at);
    else header.writeUInt32BE(value, 4 * at);
  }
  header.set(UUID, 12);
  header.write('sleepy', 28);
  return header;
}

function zfsUberblock(): Buffer {
  const block = Buffer.alloc(1024);
  block.writeBigUInt64LE(0x00bab10cn, 0);
  return block;
}

function zfsList(): Buffer {
  const head = Buffer.alloc(12);
  head.set([1, 1, 0, 0]);
  head.writeUInt32BE(1, 8); // unique names
  const pairs = [
    zfsPair('version', 5000n),
    zfsPair('name', 'tank'),
    zfsPair('state', 0n),
    zfsPair('txg', 4n),
    zfsPair('pool_guid', 12345678901234567890n),
    zfsPair('guid', 42n),
  ];
  return Buffer.concat([head, ...pairs, Buffer.alloc(8)]);
}

function zfsPair(name: string, value: bigint | string): Buffer {
  const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;
  const isText = typeof value === 'string';
  const pair = Buffer.alloc(12 + padded(name.length) + 8 + (isText ? 4 + padded(value.length) : 8));
  pair.writeUInt32BE(pair.length, 0);
  pair.writeUInt32BE(pair.length, 4);
  pair.writeUInt32BE(name.length, 8);
  pair.write(name, 12);
  const at = 12 + padded(name.length);
  pair.writeUInt32BE(isText ? 9 : 8, at);
  pair.writeUInt32BE(1, at + 4);
  if (isText) {
    pair.writeUInt32BE(value.length, at + 8);
    pair.write(value, at + 12);
  } else pair.writeBigUInt64BE(value, at + 8);
  return pair;
}
