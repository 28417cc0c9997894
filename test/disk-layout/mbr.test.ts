/** Master boot records: primary, extended and logical partitions, and boot sectors that are none. */

import test from 'ava';
import { partitionAt } from '../../src/disk-layout/index.js';
import { MBR_TYPE_NAMES } from '../../src/disk-layout/partition-types.js';
import {
  blkid,
  blkidFileSystem,
  copyInto,
  createDisk,
  hasTools,
  layoutOf,
  MIB,
  patch,
  run,
  withoutSize,
} from './real-tools.js';

const SCRIPT = `label: dos
label-id: 0x00c0ffee
1: start=2048, size=16384, type=c, bootable
2: start=18432, size=81920, type=f
4: start=100352, size=2048, type=82
5: start=20480, size=4096, type=83
6: start=26624, size=4096, type=7
7: start=32768, size=4096, type=8e
`;
const SIZE = 64 * MIB;

async function createMbrDisk(t: Parameters<typeof createDisk>[0]): Promise<string> {
  const disk = await createDisk(t, SIZE);
  await run('sfdisk', ['-q', disk], SCRIPT);
  return disk;
}

test('An MBR with logical partitions is read as sfdisk wrote it', async (t) => {
  if (!(await hasTools(t, 'sfdisk', 'blkid'))) return;
  const disk = await createMbrDisk(t);
  const layout = await layoutOf(disk);
  const wrote = JSON.parse(await run('sfdisk', ['--json', disk])).partitiontable;
  t.like(layout, { table: 'mbr', sectorSize: 512, diskId: '00c0ffee', notes: undefined });
  t.is((await blkid(disk)).get('PTUUID'), layout.diskId);
  t.deepEqual(
    layout.partitions.map(({ offset, size, type, bootable }) => ({
      start: offset / 512,
      size: size / 512,
      type: type.slice(2),
      ...(bootable && { bootable }),
    })),
    wrote.partitions.map(({ start, size, type, bootable }: Record<string, unknown>) => ({
      start,
      size,
      type,
      ...(bootable === true && { bootable }),
    })),
  );
  t.deepEqual(
    layout.partitions.map(({ number, uuid }) => [number, uuid]),
    [1, 2, 4, 5, 6, 7].map((number) => [number, `00c0ffee-0${number}`]),
  );
});

test('A byte in a logical partition belongs to it, not to the box around it', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const layout = await layoutOf(await createMbrDisk(t));
  const numberAt = (sector: number) => partitionAt(layout, sector * 512)?.number;
  t.deepEqual([0, 2048, 18432, 20480, 24576, 26624, 100352].map(numberAt), [undefined, 1, 2, 5, 2, 6, 4]);
});

test('A table by parted, with file systems in logical partitions', async (t) => {
  if (!(await hasTools(t, 'parted', 'mkfs.ext4', 'dd', 'blkid'))) return;
  const disk = await createDisk(t, SIZE);
  const plan =
    'mklabel msdos mkpart primary fat32 1MiB 9MiB mkpart extended 9MiB 60MiB mkpart logical ext4 10MiB 30MiB';
  await run('parted', ['-s', disk, ...plan.split(' ')]);
  const inner = await createDisk(t, 20 * MIB);
  await run('mkfs.ext4', ['-q', '-L', 'inner', inner]);
  await copyInto(disk, 10 * MIB, inner);
  const { partitions } = await layoutOf(disk);
  t.deepEqual(
    partitions.map((partition) => partition.number),
    [1, 2, 5],
  );
  t.like(partitions[2], { offset: 10 * MIB, size: 20 * MIB, fileSystem: { type: 'ext4', label: 'inner' } });
  t.deepEqual(withoutSize(partitions[2]?.fileSystem), await blkidFileSystem(disk, 10 * MIB, 20 * MIB));
});

test('A circle of logical partitions is followed once', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createMbrDisk(t);
  await patch(disk, extendedRecord(2), linkTo(1));
  const layout = await layoutOf(disk);
  t.deepEqual(layout.notes, ['The chain of logical partitions runs in a circle: it was followed once']);
  t.true(layout.partitions.length < 10);
});

test('A chain that breaks off keeps what came before', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createMbrDisk(t);
  const before = await layoutOf(disk);
  await patch(disk, 24576 * 512, Buffer.alloc(512)); // in front of number 6
  const layout = await layoutOf(disk);
  t.deepEqual(layout.partitions, before.partitions.slice(0, 4));
  t.deepEqual(layout.notes, ['The chain of logical partitions breaks off at sector 24576']);
});

const BARE: readonly (readonly [type: string, size: number, tool: string, args: readonly string[]])[] = [
  ['vfat', 2 * MIB, 'mkfs.vfat', ['-F', '12', '-n', 'BARE']],
  ['vfat', 32 * MIB, 'mkfs.vfat', ['-F', '16', '-n', 'BARE']],
  ['vfat', 64 * MIB, 'mkfs.vfat', ['-F', '32', '-n', 'BARE']],
  ['ntfs', 16 * MIB, 'mkfs.ntfs', ['-q', '-F', '-Q', '-L', 'BARE']],
  ['exfat', 16 * MIB, 'mkfs.exfat', ['-L', 'BARE']],
];

for (const [type, size, tool, args] of BARE) {
  test(`A bare ${type} of ${size / MIB} MiB is no MBR, although its boot sector ends in 55 AA`, async (t) => {
    if (!(await hasTools(t, tool))) return;
    const disk = await createDisk(t, size);
    await run(tool, [...args, disk]);
    // Boot code may look like entries; the legal boot flags here make the sector pass for an MBR.
    await patch(disk, 446, Buffer.from('80010100 0cfeffff 00080000 00000100'.replaceAll(' ', ''), 'hex'));
    t.like(await layoutOf(disk), { table: 'none', partitions: [], fileSystem: { type, label: 'BARE' } });
  });
}

test('A boot sector in front of ext4 without entries is no table', async (t) => {
  if (!(await hasTools(t, 'mkfs.ext4'))) return;
  const disk = await createDisk(t, 16 * MIB);
  await run('mkfs.ext4', ['-q', disk]);
  await patch(disk, 510, Buffer.from([0x55, 0xaa]));
  t.like(await layoutOf(disk), { table: 'none', fileSystem: { type: 'ext4' } });
});

test('An MBR without entries and nothing else is a table', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const disk = await createDisk(t, 16 * MIB);
  await run('sfdisk', ['-q', disk], 'label: dos\nlabel-id: 0x12345678\n');
  t.like(await layoutOf(disk), { table: 'mbr', diskId: '12345678', partitions: [] });
});

test('Illegal boot flags, AIX and empty disks are no MBR', async (t) => {
  const disk = await createDisk(t, MIB);
  t.deepEqual(await layoutOf(disk), { table: 'none', sectorSize: 512, partitions: [] });
  const entry = Buffer.from('17000000830000000008000000000100', 'hex');
  await patch(disk, 446, Buffer.concat([entry, Buffer.alloc(48), Buffer.from([0x55, 0xaa])]));
  t.is((await layoutOf(disk)).table, 'none');
  await patch(disk, 446, Buffer.from([0]));
  t.is((await layoutOf(disk)).table, 'mbr');
  await patch(disk, 0, Buffer.from('c9c2d4c1', 'hex'));
  t.is((await layoutOf(disk)).table, 'none');
});

test('An MBR that counts in 4096 byte sectors is told by what its entries point at', async (t) => {
  if (!(await hasTools(t, 'mkfs.ext4', 'dd'))) return;
  const disk = await createDisk(t, SIZE);
  const inner = await createDisk(t, 16 * MIB);
  await run('mkfs.ext4', ['-q', inner]);
  await copyInto(disk, 8 * MIB, inner);
  const entry = Buffer.alloc(16);
  entry[4] = 0x83;
  entry.writeUInt32LE((8 * MIB) / 4096, 8);
  entry.writeUInt32LE((16 * MIB) / 4096, 12);
  await patch(disk, 446, Buffer.concat([entry, Buffer.alloc(48), Buffer.from([0x55, 0xaa])]));
  const layout = await layoutOf(disk);
  t.like(layout, { table: 'mbr', sectorSize: 4096 });
  t.like(layout.partitions[0], { offset: 8 * MIB, size: 16 * MIB, fileSystem: { type: 'ext4' } });
});

test('Partitions behind the end of the disk are kept with a note', async (t) => {
  const disk = await createDisk(t, MIB);
  const entry = Buffer.from('00000000830000000008000000000100', 'hex');
  await patch(disk, 446, Buffer.concat([entry, Buffer.alloc(48), Buffer.from([0x55, 0xaa])]));
  const layout = await layoutOf(disk);
  t.like(layout.partitions[0], { number: 1, offset: MIB, size: 32 * MIB });
  t.deepEqual(layout.notes, ['Partition 1 ends behind the end of the disk']);
});

test('Type names are those of sfdisk', async (t) => {
  if (!(await hasTools(t, 'sfdisk'))) return;
  const lines = (await run('sfdisk', ['--label', 'dos', '--list-types']))
    .split('\n')
    .map((line) => line.trim());
  t.true(MBR_TYPE_NAMES.size > 40);
  for (const [type, name] of MBR_TYPE_NAMES) {
    t.true(
      lines.some((line) => line.split(/ +/, 1)[0] === type.toString(16) && line.endsWith(name)),
      name,
    );
  }
});

/** Where the n-th extended boot record of the script lies: sfdisk puts it 2048 sectors in front of its partition. */
function extendedRecord(index: number): number {
  return (18432 + index * 6144) * 512;
}

function linkTo(index: number): Buffer {
  const sector = Buffer.alloc(512);
  sector[446 + 4] = 5;
  sector.writeUInt32LE(index * 6144, 446 + 8);
  sector.writeUInt32LE(6144, 446 + 12);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}
