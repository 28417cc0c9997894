/** Where an image goes to: a file that appears whole, or a block device that nobody else uses. */
import { constants, type Stats } from 'node:fs';
import { access, type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf, messageOf, StoreError } from '../errors.js';
import { readBlockDevice } from '../system/block-device.js';

export interface DiskTarget {
  readonly kind: 'file' | 'device';
  readonly path: string;
  readonly fd: number;
  /** Whether what is not written reads as zeros already. */
  readonly isZero: boolean;
  /** Makes what was written durable where that matters, and gives a file its name. */
  finish(): Promise<void>;
  /** After a failure: leaves an old file as it was. */
  abandon(): Promise<void>;
}

export interface TargetRequest {
  readonly path: string;
  /** Bytes that the target must hold. */
  readonly size: number;
  readonly overwrite: boolean;
  /** The target stays the file that it is: that one exists is no reason to refuse. */
  readonly inPlace?: boolean;
  /** Files are on their disk when they are finished; devices always are. */
  readonly sync?: boolean;
  /** Makes the temporary name of a file. */
  readonly nonce: string;
}

/** @throws target-exists, target-needs-consent, target-busy, target-too-small, target-unwritable */
export async function openDiskTarget(request: TargetRequest): Promise<DiskTarget> {
  const info = await inspectTarget(request);
  return info?.isBlockDevice() ? openDevice(request) : createFile(request, info);
}

/** All the refusals, with nothing opened for writing and nothing changed. */
export async function inspectTarget(request: TargetRequest): Promise<Stats | undefined> {
  const { path, overwrite, inPlace = false } = request;
  let info: Stats | undefined;
  try {
    info = await stat(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw targetError(path, error);
    await access(dirname(resolve(path)), constants.W_OK).catch((cause: unknown) => {
      throw targetError(path, cause);
    });
    return undefined;
  }
  if (info.isBlockDevice()) await checkDevice(request, info);
  else if (!info.isFile()) {
    throw new StoreError('target-unwritable', `${path} is neither a file nor a block device`, { path });
  } else if (!overwrite && !inPlace) {
    const remedy = '--force replaces it, --in-place updates it where it stands';
    throw new StoreError('target-exists', `${path} exists; ${remedy}`, { path });
  }
  return info;
}

async function checkDevice({ path, size, overwrite }: TargetRequest, info: Stats): Promise<void> {
  const device = await readBlockDevice(info);
  if (device === undefined) {
    throw new StoreError('target-unwritable', `Cannot tell the size of block device ${path}`, { path });
  }
  // Linux lets root open a read-only device for writing, and fails the first write.
  if (device.readOnly)
    throw new StoreError('target-unwritable', `Cannot write ${path}: the device is read-only`, { path });
  if (device.size < size) {
    throw new StoreError('target-too-small', `${path} holds ${device.size} bytes, the image needs ${size}`, {
      path,
      neededBytes: size,
      availableBytes: device.size,
    });
  }
  const file = await openExclusively(path); // refuses what is in use before anybody is asked
  await file.close();
  if (overwrite) return;
  const model = device.model === undefined ? '' : ` (${device.model})`;
  throw new StoreError(
    'target-needs-consent',
    `${path}${model}, ${device.size} bytes, would be overwritten`,
    {
      path,
      availableBytes: device.size,
    },
  );
}

/** O_EXCL on a block device fails while it is mounted, used as swap, or part of another device. */
export async function openExclusively(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_EXCL);
  } catch (error) {
    if (errnoOf(error) !== 'EBUSY') throw targetError(path, error);
    throw new StoreError(
      'target-busy',
      `${path} is in use: mounted, used as swap, or part of another device; release it first`,
      { path, errno: 'EBUSY' },
      { cause: error },
    );
  }
}

async function openDevice({ path }: TargetRequest): Promise<DiskTarget> {
  const file = await openExclusively(path);
  return {
    kind: 'device',
    path,
    fd: file.fd,
    isZero: false,
    finish: () => finishing(path, file, () => file.sync()),
    abandon: () => file.close(),
  };
}

async function createFile(
  { path, size, nonce, sync: mustSync }: TargetRequest,
  old: Stats | undefined,
): Promise<DiskTarget> {
  const final = old === undefined ? path : await realpath(path); // a link keeps pointing to what it points to
  const temporary = `${final}.${nonce}.part`;
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx+', old?.mode ?? 0o666);
    await file.truncate(size);
  } catch (error) {
    await file?.close();
    await unlink(temporary).catch(() => undefined);
    throw targetError(path, error);
  }
  const { fd } = file;
  const close = file.close.bind(file);
  const sync = file.sync.bind(file);
  return {
    kind: 'file',
    path,
    fd,
    isZero: true,
    finish: () =>
      finishing(path, { close }, async () => {
        // An old file is given up only for one that is on the disk; a new file is synced when the system likes.
        if (old !== undefined || mustSync) await sync();
        await rename(temporary, final);
      }),
    abandon: async () => {
      await close();
      await unlink(temporary).catch(() => undefined);
    },
  };
}

export async function finishing(
  path: string,
  file: Pick<FileHandle, 'close'>,
  last: () => Promise<void>,
): Promise<void> {
  try {
    await last();
  } catch (error) {
    throw targetError(path, error);
  } finally {
    await file.close();
  }
}

export function targetError(path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (error instanceof StoreError || errno === undefined) return error;
  const why = errno === 'ENOENT' ? 'its folder does not exist' : messageOf(error);
  return new StoreError(
    'target-unwritable',
    `Cannot write ${path}: ${why}`,
    { path, errno },
    { cause: error },
  );
}
