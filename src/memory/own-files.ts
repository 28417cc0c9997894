/**
 * Files in which a machine that may only write keeps what it knows of its own work (`$XDG_STATE_HOME/doppel/<store>/<slot>/`):
 * sealed, so that a stolen disk without the key tells nothing, and never shared. A file appears whole or not at all. All of
 * them only save work: without them the next capture reads and looks up everything.
 *
 *   magic "DOWN" | version u32 | salt 32 | sealed parts
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../store-format/index.js';
import type { Keyring } from '../encryption/keyring.js';
import { PRIVATE_SALT_BYTES, PrivateSeal } from '../encryption/private-seal.js';
import { discard } from '../system/durable-files.js';

const MAGIC = 'DOWN';
const VERSION = 1;
export const HEAD_BYTES = 8 + PRIVATE_SALT_BYTES;
const TEMPORARY = '.part';
/** What a process that was killed has left is swept away after this. A living one writes more often. */
const LEFT_BEHIND_MS = 7 * 24 * 3600 * 1000;

/** A file that is open for reading. */
export interface OwnFile {
  readonly size: number;
  readonly seal: PrivateSeal;
  /** Fewer bytes only at the end. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** A file that is being written, and has no name yet. */
export interface NewOwnFile {
  readonly seal: PrivateSeal;
  append(bytes: Uint8Array): Promise<void>;
  /** Durable under its name, in place of what stood there. */
  finish(): Promise<void>;
  abort(): Promise<void>;
}

export class OwnFiles {
  readonly #folder: string;

  /** @param stateFolder of all stores */
  constructor(
    stateFolder: string,
    private readonly keyring: Keyring,
  ) {
    this.#folder = join(stateFolder, toHex(keyring.storeId), keyring.slot);
  }

  /** @returns undefined when there is none that these keys open. @throws system errors */
  async open(name: string): Promise<OwnFile | undefined> {
    const file = await openToRead(join(this.#folder, name));
    if (file === undefined) return undefined;
    const read = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const close = () => file.close();
    try {
      const { size } = await file.stat();
      const salt = saltOf(await read(0, HEAD_BYTES));
      if (salt !== undefined) return { size, seal: new PrivateSeal(this.keyring, salt, name), read, close };
    } catch (error) {
      await close();
      throw error;
    }
    await close();
    return undefined;
  }

  /** @throws system errors */
  async create(name: string): Promise<NewOwnFile> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#sweep();
    const path = join(this.#folder, `${name}.${toHex(randomBytes(6))}${TEMPORARY}`);
    const file = await open(path, 'wx', 0o600);
    const salt = randomBytes(PRIVATE_SALT_BYTES);
    let isOpen = true;
    const close = async () => {
      if (isOpen) await file.close();
      isOpen = false;
    };
    const abort = async () => {
      await close().catch(() => undefined);
      await discard(path);
    };
    const finish = async () => {
      await file.sync();
      await close();
      await rename(path, join(this.#folder, name));
    };
    try {
      await file.write(headOf(salt));
    } catch (error) {
      await abort();
      throw error;
    }
    const seal = new PrivateSeal(this.keyring, salt, name);
    return { seal, append: (bytes) => writeAll(file, bytes), finish, abort };
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(TEMPORARY)) continue;
      const path = join(this.#folder, name);
      const changedMs = (await stat(path).catch(() => undefined))?.mtimeMs;
      if (changedMs !== undefined && Date.now() - changedMs > LEFT_BEHIND_MS) await discard(path);
    }
  }
}

async function openToRead(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function headOf(salt: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(VERSION, 4);
  head.set(salt, 8);
  return head;
}

function saltOf(head: Buffer): Uint8Array | undefined {
  const isOurs = head.length === HEAD_BYTES && head.toString('latin1', 0, 4) === MAGIC;
  return isOurs && head.readUInt32LE(4) === VERSION ? head.subarray(8) : undefined;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
