/** Partition tables and file systems: each probe on its own, then whole disks. They describe; they never throw. */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { DiskBytes, Volume } from '../../../src/disk-layout/disk-bytes.js';
import { partitionAt, readDiskLayout } from '../../../src/disk-layout/index.js';
import { Notes } from '../../../src/disk-layout/notes.js';
import { PROBES } from '../../../src/disk-layout/probes/index.js';
import { DiskLayoutSchema, FileSystemSchema } from '../../../store-format/index.js';
import { diskSeeds, volumeSeeds } from '../disk-seeds.js';
import { sealDisk } from '../seal.js';
import { readerOf } from '../sparse-disk.js';
import { type Target, target } from '../target.js';

const MIB = 1024 * 1024;
/** disk-bytes.ts: pages of a volume, and of a disk; what is read once more at a page's edge is paid by nobody. */
const VOLUME_READ_BYTES = 2 * MIB;
const DISK_READ_BYTES = 128 * MIB;

const never = () => undefined;

export const DISK_TARGETS: readonly Target[] = [
  ...PROBES.map((probe) =>
    target({
      name: `probe-${probe.name}`,
      share: 2,
      seeds: () => volumeSeeds(probe.name),
      seal: sealDisk,
      rejection: never,
      bounds: { bytesPerByte: 16, fixedBytes: 12 * MIB, ms: 250 },
      decode: async (input) => {
        const { reader, spent } = readerOf(input);
        const found = await probe.find(new Volume(new DiskBytes(reader, new Notes())));
        return { found, spent };
      },
      summarize: ({ found }) => found?.type ?? 'nothing',
      check: (_, { found, spent }) => {
        if (found !== undefined) v.parse(FileSystemSchema, found);
        assert.equal(spent.outside, 0, 'Read outside the disk');
        assert.ok(spent.bytes <= VOLUME_READ_BYTES, `Read ${spent.bytes} bytes`);
      },
    }),
  ),
  target({
    name: 'disk-layout',
    share: 0.3,
    seeds: diskSeeds,
    seal: sealDisk,
    rejection: never,
    bounds: { bytesPerByte: 16, fixedBytes: 256 * MIB, ms: 5000 },
    decode: async (input) => {
      const { reader, spent } = readerOf(input);
      return { layout: await readDiskLayout(reader), spent };
    },
    summarize: ({ layout }) => layout.fileSystem?.type ?? layout.table,
    check: (_, { layout, spent }) => {
      v.parse(DiskLayoutSchema, layout);
      assert.equal(spent.outside, 0, 'Read outside the disk');
      assert.ok(spent.bytes <= DISK_READ_BYTES, `Read ${spent.bytes} bytes`);
      const thrown = layout.notes?.find((note) => note.includes('could not be examined'));
      assert.equal(thrown, undefined, 'A probe threw');
      for (const { offset } of layout.partitions.slice(0, 4)) partitionAt(layout, offset);
    },
  }),
];
