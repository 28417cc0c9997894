/** Makes the demo's two disks: the same machine before and after some changes, GPT with a boot and a root partition. */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { changeTree, writeFirstTree } from './file-tree.js';
import { type FillPartition, fillWithExt4, fillWithFiles, whyNotExt4 } from './fill-partition.js';
import { type PartitionPlan, writeGpt } from './gpt-writer.js';

const MIB = 1024 * 1024;
const DISK_BYTES = 256 * MIB;
const DISK_UUID = 'd0bbe100-0000-4000-8000-000000000000';
const PARTITIONS: readonly PartitionPlan[] = [
  { name: 'boot', uuid: 'd0bbe100-0000-4000-8000-000000000001', offset: MIB, size: 31 * MIB },
  { name: 'root', uuid: 'd0bbe100-0000-4000-8000-000000000002', offset: 32 * MIB, size: 223 * MIB },
];

export interface DemoDisks {
  readonly first: string;
  readonly second: string;
  readonly diskBytes: number;
  /** Why the partitions hold plain files instead of ext4; undefined if they do hold ext4. */
  readonly whyNotExt4: string | undefined;
}

export async function makeDisks(folder: string): Promise<DemoDisks> {
  const tree = join(folder, 'tree');
  const [first, second] = [join(folder, 'golden.img'), join(folder, 'web01.img')];
  const problem = await probe(folder);
  const fill = problem === undefined ? fillWithExt4 : fillWithFiles;
  await writeFirstTree(tree);
  await makeDisk(first, tree, fill);
  await changeTree(tree);
  await makeDisk(second, tree, fill);
  await rm(tree, { recursive: true });
  return { first, second, diskBytes: DISK_BYTES, whyNotExt4: problem };
}

async function makeDisk(path: string, tree: string, fill: FillPartition): Promise<void> {
  const disk = await open(path, 'w');
  await disk.truncate(DISK_BYTES);
  await writeGpt(disk, DISK_BYTES, DISK_UUID, PARTITIONS);
  await disk.close();
  for (const partition of PARTITIONS) await fill(path, partition, join(tree, partition.name));
}

async function probe(folder: string): Promise<string | undefined> {
  const [empty, disk] = [join(folder, 'empty'), join(folder, 'probe.img')];
  await mkdir(empty);
  const problem = await whyNotExt4(disk, empty);
  await rm(empty, { recursive: true });
  await rm(disk, { force: true });
  return problem;
}
