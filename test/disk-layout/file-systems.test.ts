/** Each file system as its own formatter makes it, recognised as blkid recognises it: type, UUID and label to the letter. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import {
  blkid,
  blkidFileSystem,
  copyInto,
  createDisk,
  hasTools,
  layoutOf,
  MIB,
  run,
  temporaryFolder,
  withoutSize,
} from './real-tools.js';

interface Example {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  /** Undefined where the tool chooses the size itself. */
  readonly size?: number;
  readonly tool: string;
  readonly make: (path: string) => Promise<unknown>;
  /** squashfs and some others have none. */
  readonly hasUuid?: boolean;
}

const EXAMPLES: readonly Example[] = [
  mkfs('ext2', 'ext2', 8 * MIB, 'mkfs.ext2', ['-q', '-L', 'two'], 'two'),
  mkfs('ext3', 'ext3', 16 * MIB, 'mkfs.ext3', ['-q', '-L', 'three'], 'three'),
  mkfs('ext4', 'ext4', 16 * MIB, 'mkfs.ext4', ['-q', '-L', 'Wurzel ä€𝄞'], 'Wurzel ä€𝄞'),
  mkfs('ext4 without journal, checksum and label', 'ext4', 16 * MIB, 'mkfs.ext4', [
    '-q',
    '-b',
    '1024',
    '-O',
    '^has_journal,^metadata_csum,^64bit',
  ]),
  mkfs('an ext4 journal', 'jbd', 16 * MIB, 'mkfs.ext4', ['-q', '-O', 'journal_dev', '-L', 'log'], 'log'),
  mkfs('FAT12', 'vfat', 2 * MIB, 'mkfs.vfat', ['-F', '12', '-n', 'FLOPPY'], 'FLOPPY'),
  mkfs('FAT16', 'vfat', 32 * MIB, 'mkfs.vfat', ['-F', '16', '-n', 'SIXTEEN'], 'SIXTEEN'),
  mkfs('FAT32', 'vfat', 64 * MIB, 'mkfs.vfat', ['-F', '32', '-n', 'ESP 1'], 'ESP 1'),
  mkfs('FAT32 without a label', 'vfat', 64 * MIB, 'mkfs.vfat', ['-F', '32', '-i', '00ab12cd']),
  mkfs(
    'FAT32 with 4096 byte sectors',
    'vfat',
    300 * MIB,
    'mkfs.vfat',
    ['-F', '32', '-S', '4096', '-n', 'BIG'],
    'BIG',
  ),
  mkfs('exFAT', 'exfat', 16 * MIB, 'mkfs.exfat', ['-L', 'Käse'], 'Käse'),
  mkfs('exFAT without a label', 'exfat', 16 * MIB, 'mkfs.exfat', []),
  mkfs('NTFS', 'ntfs', 16 * MIB, 'mkfs.ntfs', ['-q', '-F', '-Q', '-L', 'System ö'], 'System ö'),
  mkfs('XFS', 'xfs', 320 * MIB, 'mkfs.xfs', ['-q', '-L', 'xfs data'], 'xfs data'),
  mkfs('btrfs', 'btrfs', 128 * MIB, 'mkfs.btrfs', ['-q', '-L', 'butter'], 'butter'),
  mkfs('f2fs', 'f2fs', 64 * MIB, 'mkfs.f2fs', ['-q', '-l', 'flash ü'], 'flash ü'),
  mkfs('swap', 'swap', 2 * MIB, 'mkswap', ['-L', 'swap space'], 'swap space'),
  mkfs('swap with 64 KiB pages', 'swap', 2 * MIB, 'mkswap', ['-p', '65536']),
  luks('luks1', []),
  luks('luks2', ['--label', 'secret']),
  {
    name: 'squashfs',
    type: 'squashfs',
    hasUuid: false,
    tool: 'mksquashfs',
    make: async (path) =>
      run('mksquashfs', [await fewFiles(path), path, '-quiet', '-no-progress', '-noappend']),
  },
  iso('ISO 9660', [], 'PLAIN'),
  iso('ISO 9660 with Joliet', ['-J', '-R'], 'Joliet Volume Of 28 Letters'),
];

for (const example of EXAMPLES) {
  test.serial(`${example.name} is told as blkid tells it`, async (t) => {
    if (!(await hasTools(t, 'blkid', example.tool))) return;
    const path =
      example.size === undefined ? join(await temporaryFolder(t), 'fs') : await createDisk(t, example.size);
    await example.make(path);
    const layout = await layoutOf(path);
    t.is(layout.table, 'none');
    t.deepEqual(withoutSize(layout.fileSystem), await blkidFileSystem(path));
    t.is(layout.fileSystem?.type, example.type);
    t.is(layout.fileSystem?.label, example.label);
    t.is(layout.fileSystem?.uuid !== undefined, example.hasUuid ?? true);
    if (example.size !== undefined && layout.fileSystem?.size !== undefined) {
      t.true(layout.fileSystem.size <= example.size && layout.fileSystem.size > example.size / 2);
    }
    t.is(layout.notes, undefined);
  });
}

test.serial('All of them in the partitions of one GPT disk', async (t) => {
  const examples = EXAMPLES.filter((example) => example.size !== undefined);
  if (!(await hasTools(t, 'blkid', 'sfdisk', 'dd', ...examples.map((example) => example.tool)))) return;
  const places: { offset: number; size: number }[] = [];
  let end = MIB;
  for (const { size } of examples) {
    places.push({ offset: end, size: size! });
    end += size!;
  }
  const disk = await createDisk(t, end + MIB);
  const lines = places.map(({ offset, size }) => `start=${offset / 512}, size=${size / 512}`);
  await run('sfdisk', ['-q', disk], `label: gpt\n${lines.join('\n')}\n`);
  for (const [i, example] of examples.entries()) {
    const path = await createDisk(t, example.size!);
    await example.make(path);
    await copyInto(disk, places[i]!.offset, path);
  }
  const layout = await layoutOf(disk);
  t.is(layout.partitions.length, examples.length);
  for (const [i, partition] of layout.partitions.entries()) {
    const place = places[i]!;
    t.like(partition, { number: i + 1, ...place });
    const expected = await blkidFileSystem(disk, place.offset, place.size);
    t.deepEqual(withoutSize(partition.fileSystem), expected, examples[i]!.name);
  }
});

test.serial('An NTFS label across the check value of its record is read as it was given', async (t) => {
  if (!(await hasTools(t, 'blkid', 'mkfs.ntfs'))) return;
  const path = await createDisk(t, 16 * MIB);
  const label = 'n'.repeat(100);
  await run('mkfs.ntfs', ['-q', '-F', '-Q', '-L', label, path]);
  const { fileSystem } = await layoutOf(path);
  t.is(fileSystem?.label, label); // blkid does not undo the check values: it shows one character wrong
  t.is(fileSystem?.uuid, (await blkid(path)).get('UUID'));
});

function mkfs(
  name: string,
  type: string,
  size: number,
  tool: string,
  args: readonly string[],
  label?: string,
): Example {
  return {
    name,
    type,
    size,
    tool,
    make: (path) => run(tool, [...args, path]),
    ...(label !== undefined && { label }),
  };
}

/** An empty key derived in few rounds: this tests the header, not the cipher. */
function luks(version: string, args: readonly string[]): Example {
  const fast = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000'];
  const options = ['--batch-mode', '--type', version, ...fast, ...args, '--key-file', '-'];
  const make = (path: string) => run('cryptsetup', ['luksFormat', ...options, path], 'key');
  const label = args[1];
  return {
    name: version,
    type: 'crypto_LUKS',
    size: 32 * MIB,
    tool: 'cryptsetup',
    make,
    ...(label && { label }),
  };
}

function iso(name: string, args: readonly string[], label: string): Example {
  const make = async (path: string) =>
    run('genisoimage', ['-quiet', ...args, '-V', label, '-o', path, await fewFiles(path)]);
  return { name, type: 'iso9660', label, tool: 'genisoimage', make };
}

async function fewFiles(path: string): Promise<string> {
  const folder = join(dirname(path), 'files');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'hello.txt'), 'hello\n'.repeat(10_000));
  return folder;
}
