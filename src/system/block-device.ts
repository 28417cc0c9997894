/** What Linux says of block devices under /sys and /proc. Elsewhere, or where it says nothing, `undefined`. */
import type { Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface BlockDevice {
  /** `major:minor` */
  readonly number: string;
  readonly size: number;
  readonly sectorSize: number;
  readonly readOnly: boolean;
  readonly model?: string;
  readonly serial?: string;
}

export async function readBlockDevice(info: Stats): Promise<BlockDevice | undefined> {
  const number = deviceNumber(info.rdev);
  const folder = `/sys/dev/block/${number}`;
  const sectors = await line(`${folder}/size`);
  if (sectors === undefined) return undefined;
  const partition = (await line(`${folder}/partition`)) !== undefined;
  const disk = partition ? `${folder}/..` : folder;
  const model = (await line(`${disk}/device/model`)) ?? (await line(`${disk}/loop/backing_file`));
  const serial = (await line(`${disk}/device/serial`)) ?? (await line(`${disk}/serial`));
  return {
    number,
    size: Number(sectors) * 512, // always counted in 512 bytes, whatever the sectors are
    sectorSize: Number((await line(`${disk}/queue/logical_block_size`)) ?? 512),
    readOnly: (await line(`${folder}/ro`)) === '1',
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
  };
}

function deviceNumber(rdev: number): string {
  // The layout of dev_t in glibc: 12 and 20 bits, each in two places.
  const major = ((rdev >>> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & ~0xfff);
  const minor = (rdev & 0xff) | (Math.floor(rdev / 4096) & 0xfff00);
  return `${major}:${minor}`;
}

/** Where the device or one of its partitions is mounted read-write. */
export async function writableMounts(device: BlockDevice): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const found: string[] = [];
  for (const row of mounts.split('\n')) {
    const fields = row.split(' ');
    const [, , number, , point, options] = fields;
    if (number === undefined || point === undefined || options === undefined) continue;
    if (!options.split(',').includes('rw')) continue;
    if (number === device.number || (await diskOf(number)) === device.number)
      found.push(unescapeMount(point));
  }
  return found;
}

/** The whole disk that a partition belongs to. */
async function diskOf(number: string): Promise<string | undefined> {
  const partition = await line(`/sys/dev/block/${number}/partition`);
  return partition === undefined ? undefined : line(`/sys/dev/block/${number}/../dev`);
}

/** Spaces and the like stand as octal escapes in mountinfo. */
function unescapeMount(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

async function line(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}
