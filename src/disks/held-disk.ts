/**
 * A target that is updated where it stands: whatever it holds already is compared with the image first. A file is given
 * the image's size: extended when it is opened, cut when all is written, so that what lies behind can still be a seed.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoOf } from '../errors.js';
import {
  type DiskTarget,
  finishing,
  inspectTarget,
  openExclusively,
  type TargetRequest,
  targetError,
} from './disk-target.js';

export interface HeldDisk {
  readonly kind: 'file' | 'device';
  readonly path: string;
  /** Undefined where there is no file yet. */
  readonly fd: number | undefined;
  /** Bytes that it holds for the image: what lies behind them reads as zeros. */
  readonly heldBytes: number;
}

export interface UpdateTarget extends DiskTarget, HeldDisk {
  readonly fd: number;
  /** Takes away what a file holds behind the image. */
  cut(): Promise<void>;
}

/** @throws target-needs-consent, target-busy, target-too-small, target-unwritable */
export async function openUpdateTarget(request: TargetRequest): Promise<UpdateTarget> {
  const { path, size } = request;
  const info = await inspectTarget(request);
  if (info?.isBlockDevice()) {
    const file = await openExclusively(path);
    return {
      kind: 'device',
      path,
      fd: file.fd,
      heldBytes: size,
      isZero: false,
      cut: async () => {},
      finish: () => finishing(path, file, () => file.sync()),
      abandon: () => file.close(),
    };
  }
  const { file, oldBytes } = await openFile(path, size);
  return {
    kind: 'file',
    path,
    fd: file.fd,
    heldBytes: Math.min(oldBytes, size),
    isZero: false,
    cut: () => cutTo(path, file, size),
    finish: () => finishing(path, file, async () => (request.sync ? file.sync() : undefined)),
    abandon: () => file.close(),
  };
}

async function openFile(path: string, size: number): Promise<{ file: FileHandle; oldBytes: number }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    const { size: oldBytes } = await file.stat();
    if (oldBytes < size) await file.truncate(size);
    return { file, oldBytes };
  } catch (error) {
    await file?.close();
    throw targetError(path, error);
  }
}

async function cutTo(path: string, file: FileHandle, size: number): Promise<void> {
  try {
    if ((await file.stat()).size > size) await file.truncate(size);
  } catch (error) {
    throw targetError(path, error);
  }
}

/** What stands there, to be read alone. @throws target-unwritable */
export async function openHeldDisk(
  path: string,
  size: number,
): Promise<HeldDisk & { close(): Promise<void> }> {
  let file: FileHandle | undefined;
  try {
    const info = await stat(path);
    file = await open(path, 'r');
    const common = { path, fd: file.fd, close: file.close.bind(file) };
    if (info.isBlockDevice()) return { ...common, kind: 'device', heldBytes: size };
    return { ...common, kind: 'file', heldBytes: Math.min(info.size, size) };
  } catch (error) {
    await file?.close();
    if (errnoOf(error) !== 'ENOENT') throw targetError(path, error);
    return { kind: 'file', path, fd: undefined, heldBytes: 0, close: async () => {} };
  }
}
