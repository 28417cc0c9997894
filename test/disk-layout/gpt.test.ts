/** GUID partition tables as sfdisk and sgdisk write them, whole and damaged. */

import { open, truncate } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import test from 'ava';
import { partitionAt } from '../../src/disk-layout/index.js';
import { GPT_TYPE_NAMES } from '../../src/disk-layout/partition-types.js';
import { blkid, createDisk, hasTools, layoutOf, MIB, patch, run } from './real-tools.js';

const DISK_ID = '11111111-5eed-4000-8000-00000000abcd';
const SCRIPT = `label: gpt
label-id: ${DISK_ID}
1: start=2048, size=16384, type=uefi, name="EFI ä€", uuid=22222222-5EED-4000-8000-000000000001
3: start=20480, size=8192, type=linux, attrs="LegacyBIOSBootable", uuid=22222222-5EED-4000-8000-000000000003
7: start=40960, size=8192, type=5808C8AA-7E8F-42E0-85D2-E1E90434CFB3
128: start=60000, size=100, type=12345678-0000-1111-2222-333344445555
`;
const SIZE = 64 * MIB;

async function createGptDisk(t: Parameters<typeof createDisk>[0]): Promise<string> {
  const disk = await createDisk(t, SIZE);
  await run('sfdisk', ['-q', disk], SCRIPT);
  return disk;
}

test('A GPT is read as sfdisk wrote it: gaps, names, types, attributes', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  const layout = await layoutOf(disk);
  const wrote = JSON.parse(await run('sfdisk', ['--json', disk])).partitiontable;
  t.like(layout, { table: 'gpt', sectorSize: 512, diskId: DISK_ID });
  t.is(layout.notes, undefined);
  t.is(layout.partitions.length, wrote.partitions.length);
  for (const [i, partition] of layout.partitions.entries()) {
    const { node, start, size, type, uuid, name } = wrote.partitions[i];
    t.like(partition, { offset: start * 512, size: size * 512, type, uuid: uuid.toLowerCase(), name });
    t.true(node.endsWith(`raw${partition.number}`) || node.endsWith(`rawp${partition.number}`), node);
  }
  t.deepEqual(
    layout.partitions.map(({ number, typeName, bootable }) => [number, typeName, bootable]),
    [
      [1, 'EFI System', undefined],
      [3, 'Linux filesystem', true],
      [7, 'Microsoft LDM metadata', undefined],
      [128, undefined, undefined],
    ],
  );
});

test('Ids are those of blkid', async (t) => {
  if (!(await hasTools(t, 'sfdisk', 'blkid'))) return;
  const disk = await createGptDisk(t);
  const said = await blkid(disk);
  t.is(said.get('PTTYPE'), 'gpt');
  t.is(said.get('PTUUID'), (await layoutOf(disk)).diskId);
});

test('Sectors of 4096 bytes are found out, in both copies', async (t) => {
  if (!(await hasTools(t, 'fdisk'))) return;
  const disk = await createDisk(t, SIZE);
  await run('fdisk', ['--sector-size', '4096', disk], 'g\nn\n1\n256\n1279\nn\n2\n2048\n\nw\n');
  const layout = await layoutOf(disk);
  t.like(layout, { table: 'gpt', sectorSize: 4096, notes: undefined });
  t.is(layout.partitions.length, 2);
  t.like(layout.partitions[0], { number: 1, offset: MIB, size: 4 * MIB, typeName: 'Linux filesystem' });
  await patch(disk, 4096, Buffer.alloc(4096));
  const { notes, ...fromBackup } = await layoutOf(disk);
  t.deepEqual(fromBackup, layout);
  t.deepEqual(notes, ['The primary GPT is damaged: its backup was used']);
});

const DAMAGE: readonly (readonly [what: string, at: number, bytes: number])[] = [
  ['signature', 512, 8],
  ['header checksum', 512 + 16, 4],
  ['disk id', 512 + 56, 16],
  ['table offset', 512 + 72, 8],
  ['number of entries', 512 + 80, 4],
  ['size of an entry', 512 + 84, 4],
  ['an entry', 1024 + 41, 1],
  ['an unused entry', 1024 + 128 * 100, 1],
  ['the header sector and all entries', 512, 33 * 512],
];

for (const [what, at, bytes] of DAMAGE) {
  test(`A primary GPT with a damaged part (${what}) is answered from its backup`, async (t) => {
    if (!(await hasTools(t, 'sfdisk'))) return;
    const disk = await createGptDisk(t);
    const { partitions, diskId } = await layoutOf(disk);
    await patch(disk, at, Buffer.alloc(bytes, 0xff));
    const layout = await layoutOf(disk);
    t.like(layout, { table: 'gpt', diskId });
    t.deepEqual(layout.partitions, partitions);
    t.deepEqual(layout.notes, ['The primary GPT is damaged: its backup was used']);
  });
}

test('Both copies damaged: no table, and a note', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  await patch(disk, 512, Buffer.alloc(512));
  await patch(disk, SIZE - 512, Buffer.alloc(512));
  const layout = await layoutOf(disk);
  t.like(layout, { table: 'none', partitions: [] });
  t.regex(layout.notes?.[0] ?? '', /promises a GPT/);
});

test('A lost protective MBR is noted, its GPT taken; even with only the backup left', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  await patch(disk, 0, Buffer.alloc(512));
  t.deepEqual((await layoutOf(disk)).notes, ['The protective MBR in front of the GPT is missing']);
  await patch(disk, 0, Buffer.alloc(MIB));
  const layout = await layoutOf(disk);
  t.is(layout.partitions.length, 4);
  t.is(layout.notes?.length, 2);
});

test('A disk that grew keeps its backup where the primary says', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  await truncate(disk, 2 * SIZE);
  await patch(disk, 1024, Buffer.alloc(128, 0xff)); // the entries of the primary; its header still tells the way
  const layout = await layoutOf(disk);
  t.is(layout.partitions.length, 4);
  t.deepEqual(layout.notes, ['The primary GPT is damaged: its backup was used']);
});

test('A disk cut short keeps the table, and says what is missing', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  await truncate(disk, 20 * MIB + 512);
  const layout = await layoutOf(disk);
  t.is(layout.partitions.length, 4);
  t.deepEqual(layout.notes, [
    'Partition 7 ends behind the end of the disk',
    'Partition 128 ends behind the end of the disk',
  ]);
});

test('Hybrid MBR: the GPT counts', async (t) => {
  if (!(await hasTools(t, 'sfdisk', 'sgdisk'))) return;
  const disk = await createGptDisk(t);
  await run('sgdisk', ['--hybrid', '1:3', disk]);
  const layout = await layoutOf(disk);
  t.is(layout.table, 'gpt');
  t.deepEqual(
    layout.partitions.map((partition) => partition.number),
    [1, 3, 7, 128],
  );
  t.deepEqual(layout.notes, ['Hybrid MBR: its entries besides the protective one were left out']);
});

test('An MBR written over a GPT counts, the stale GPT does not', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  const sector = Buffer.alloc(512);
  sector.set([0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0], 446);
  sector.writeUInt16BE(0x55aa, 510);
  await patch(disk, 0, sector);
  const layout = await layoutOf(disk);
  t.is(layout.table, 'mbr');
  t.like(layout.partitions[0], { number: 1, offset: MIB, size: 32 * MIB, type: '0x83', typeName: 'Linux' });
});

test('Entries with a valid checksum and no possible place are left out with a note', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createGptDisk(t);
  await patchEntry(disk, 0, (entry) => entry.writeBigUInt64LE(2n ** 63n, 40)); // ends behind all numbers
  await patchEntry(disk, 2, (entry) => entry.writeBigUInt64LE(1n, 40)); // ends before it starts
  const layout = await layoutOf(disk);
  t.deepEqual(
    layout.partitions.map((partition) => partition.number),
    [7, 128],
  );
  t.deepEqual(layout.notes, [
    'GPT entry 1 has no possible place and was left out',
    'GPT entry 3 has no possible place and was left out',
  ]);
});

test('Type names are those of sfdisk', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const known = await run('sfdisk', ['--label', 'gpt', '--list-types']);
  t.true(GPT_TYPE_NAMES.size > 40);
  for (const [guid, name] of GPT_TYPE_NAMES) {
    const line = known.split('\n').find((text) => text.startsWith(guid));
    t.is(line?.slice(guid.length).trim(), name, guid);
  }
});

test('partitionAt names the partition of a byte, and nothing between them', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const layout = await layoutOf(await createGptDisk(t));
  const numberAt = (offset: number) => partitionAt(layout, offset)?.number;
  t.deepEqual([0, MIB - 1, MIB, 9 * MIB - 1, 9 * MIB, 10 * MIB].map(numberAt), [
    undefined,
    undefined,
    1,
    1,
    undefined,
    3,
  ]);
});

/** Changes an entry of the primary table and makes both checksums right again. */
async function patchEntry(disk: string, slot: number, change: (entry: Buffer) => void): Promise<void> {
  const file = await open(disk, 'r+');
  const bytes = Buffer.alloc(34 * 512);
  await file.read(bytes, 0, bytes.length, 0);
  const [header, table] = [bytes.subarray(512, 512 + 92), bytes.subarray(1024)];
  change(table.subarray(slot * 128, (slot + 1) * 128));
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(0, 16);
  header.writeUInt32LE(crc32(header), 16);
  await file.write(bytes, 0, bytes.length, 0);
  await file.close();
}
