/** Where an image's bytes come from: a file, a block device, or a stream. */
import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoOf, messageOf, StoreError } from '../errors.js';
import type { Warning } from '../interface.js';
import { type BlockDevice, readBlockDevice, writableMounts } from '../system/block-device.js';
import type { IoFailure } from '../workers/jobs.js';

export interface DiskSource {
  readonly kind: 'file' | 'device' | 'stream';
  readonly path: string;
  readonly sectorSize: number;
  readonly model?: string;
  readonly serial?: string;
  /** Bytes to read; unknown for a stream. */
  readonly size?: number;
  /** Open for reading, for files and devices. */
  readonly fd?: number;
  readonly stream?: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

const DEFAULT_SECTOR_BYTES = 512;

export function streamSource(stream: AsyncIterable<Uint8Array>, name: string): DiskSource {
  return { kind: 'stream', path: name, sectorSize: DEFAULT_SECTOR_BYTES, stream, close: async () => {} };
}

/** @throws source-missing, source-unreadable */
export async function openDiskSource(path: string, warn: (warning: Warning) => void): Promise<DiskSource> {
  let file: FileHandle | undefined;
  try {
    const info = await stat(path);
    if (!info.isFile() && !info.isBlockDevice()) {
      throw new StoreError(
        'source-unreadable',
        `${path} is ${kindOf(info)}, not a disk image or a block device`,
        {
          path,
        },
      );
    }
    file = await open(path, 'r');
    return await describe(path, file, await file.stat(), warn);
  } catch (error) {
    await file?.close();
    throw sourceError(path, error);
  }
}

async function describe(
  path: string,
  file: FileHandle,
  info: Stats,
  warn: (warning: Warning) => void,
): Promise<DiskSource> {
  const common = { path, fd: file.fd, close: () => file.close() };
  if (info.isFile()) return { ...common, kind: 'file', size: info.size, sectorSize: DEFAULT_SECTOR_BYTES };
  const device = await readBlockDevice(info);
  if (device === undefined) {
    throw new StoreError('source-unreadable', `Cannot tell the size of block device ${path}`, { path });
  }
  await warnWhereMounted(path, device, warn);
  return {
    ...common,
    kind: 'device',
    size: device.size,
    sectorSize: device.sectorSize,
    ...(device.model === undefined ? {} : { model: device.model }),
    ...(device.serial === undefined ? {} : { serial: device.serial }),
  };
}

async function warnWhereMounted(
  path: string,
  device: BlockDevice,
  warn: (warning: Warning) => void,
): Promise<void> {
  const mounts = await writableMounts(device);
  if (mounts.length === 0) return;
  warn({
    code: 'source-mounted',
    message: `${path} is mounted read-write at ${mounts.join(', ')}: the image may be inconsistent; use a snapshot, or --before and --after with fsfreeze`,
  });
}

function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'a folder';
  return info.isCharacterDevice() ? 'a character device' : 'neither a file nor a block device';
}

function sourceError(path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (error instanceof StoreError || errno === undefined) return error;
  if (errno === 'ENOENT') return new StoreError('source-missing', `There is no ${path}`, { path, errno });
  return new StoreError(
    'source-unreadable',
    `Cannot open ${path}: ${messageOf(error)}`,
    { path, errno },
    { cause: error },
  );
}

/** A read that failed, as users should see it. */
export function sourceFailed(source: DiskSource, { errno, message, offset }: IoFailure): StoreError {
  const details = { path: source.path, offset, errno };
  if (errno === 'EOF') {
    return new StoreError(
      'source-shrank',
      `${source.path} ended at byte ${offset}, but was ${source.size} bytes long when reading began: it shrank; nothing was published`,
      details,
    );
  }
  return new StoreError(
    'source-unreadable',
    `Cannot read ${source.path} at byte ${offset}: ${message}; nothing was published (--on-read-error zero goes on past bad sectors)`,
    details,
  );
}
