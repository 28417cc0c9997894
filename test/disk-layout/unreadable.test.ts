/** Readers that fail: bad sectors, short reads, prefixes. The layout is what can still be known, and says what could not. */

import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import type { ByteReader } from '../../src/disk-layout/index.js';
import { checkedLayout, copyInto, createDisk, hasTools, MIB, readerOf, run } from './real-tools.js';

const SIZE = 12 * MIB;

/** GPT: FAT at 1 MiB, ext4 at 5 MiB. */
async function createBytes(t: ExecutionContext): Promise<Buffer> {
  const disk = await createDisk(t, SIZE);
  await run(
    'sfdisk',
    ['-q', disk],
    'label: gpt\nstart=2048, size=8192, type=uefi\nstart=10240, size=12288, type=linux\n',
  );
  const boot = await createDisk(t, 4 * MIB);
  await run('mkfs.vfat', ['-n', 'BOOT', boot]);
  await copyInto(disk, MIB, boot);
  const root = await createDisk(t, 6 * MIB);
  await run('mkfs.ext4', ['-q', '-L', 'root', root]);
  await copyInto(disk, 5 * MIB, root);
  return readFile(disk);
}

/** Rejects whatever touches the bytes from `from` to `to`. */
function withBadBytes(reader: ByteReader, from: number, to: number): ByteReader {
  return {
    size: reader.size,
    async read(offset, length) {
      if (offset < to && offset + length > from) throw new Error('EIO: i/o error, read');
      return reader.read(offset, length);
    },
  };
}

const needed = ['sfdisk', 'mkfs.vfat', 'mkfs.ext4', 'dd'] as const;

test('A bad first sector: the GPT behind it is read all the same', async (t) => {
  if (!(await hasTools(t, ...needed))) return;
  const bytes = await createBytes(t);
  const layout = await checkedLayout(withBadBytes(readerOf(bytes), 0, 512));
  t.is(layout.table, 'gpt');
  t.is(layout.partitions[0]?.fileSystem?.label, 'BOOT');
  t.is(layout.partitions[1]?.fileSystem?.label, 'root');
  t.regex(layout.notes?.[0] ?? '', /^Could not read at byte 0, .*: EIO/);
});

test('A bad sector in one file system spares the other', async (t) => {
  if (!(await hasTools(t, ...needed))) return;
  const bytes = await createBytes(t);
  const whole = await checkedLayout(readerOf(bytes));
  const layout = await checkedLayout(withBadBytes(readerOf(bytes), 5 * MIB + 1024, 5 * MIB + 1536));
  const { fileSystem: _lost, ...second } = whole.partitions[1]!;
  t.deepEqual(layout.partitions, [whole.partitions[0]!, second]);
  t.is(layout.notes?.length, 1);
});

test('Wherever one page is bad, there is an answer that names the place', async (t) => {
  if (!(await hasTools(t, ...needed))) return;
  const bytes = await createBytes(t);
  const offsets = new Set<number>();
  const spy: ByteReader = {
    size: SIZE,
    async read(offset, length) {
      offsets.add(offset);
      return bytes.subarray(offset, offset + length);
    },
  };
  await checkedLayout(spy);
  t.true(offsets.size > 10);
  for (const offset of offsets) {
    const layout = await checkedLayout(withBadBytes(readerOf(bytes), offset, offset + 1));
    t.true(layout.notes?.some((note) => note.includes(`byte ${offset},`)));
  }
});

test('Nothing can be read: no table, few notes', async (t) => {
  const layout = await checkedLayout(withBadBytes(readerOf(Buffer.alloc(0)), 0, 1));
  t.deepEqual(layout, { table: 'none', sectorSize: 512, partitions: [] });
  const bad = await checkedLayout({ size: 100 * MIB, read: () => Promise.reject(new Error('EIO')) });
  t.is(bad.table, 'none');
  t.true(bad.notes!.length > 0 && bad.notes!.length <= 128);
});

test('A reader that answers short, as a stream that ended early, is no reason to fail', async (t) => {
  if (!(await hasTools(t, ...needed))) return;
  const bytes = await createBytes(t);
  for (const kept of [0, 1, 511, 512, 1024, 17 * 1024, MIB + 512, 5 * MIB + 2048]) {
    const prefix = bytes.subarray(0, kept);
    const asPrefix = await checkedLayout(readerOf(prefix));
    const asBroken = await checkedLayout({ ...readerOf(prefix), size: SIZE });
    t.is(asPrefix.partitions.length, kept >= 17 * 1024 ? 2 : 0, `${kept} bytes`);
    t.is(asBroken.partitions.length, asPrefix.partitions.length);
    t.is(asPrefix.partitions[0]?.fileSystem?.type, kept > MIB ? 'vfat' : undefined);
  }
});

test('A reader may reuse its buffer', async (t) => {
  if (!(await hasTools(t, ...needed))) return;
  const bytes = await createBytes(t);
  const buffer = Buffer.alloc(MIB);
  const reusing: ByteReader = {
    size: SIZE,
    async read(offset, length) {
      bytes.copy(buffer, 0, offset, offset + length);
      return buffer.subarray(0, length);
    },
  };
  t.deepEqual(await checkedLayout(reusing), await checkedLayout(readerOf(bytes)));
});
