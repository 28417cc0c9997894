/**
 * What a simulated machine that may only write remembers of its own work. The real parts, over files in memory: files on a
 * disk would take real time, and a seed would be a run no more.
 */
import type { Keyring } from '../../src/encryption/keyring.js';
import { PRIVATE_SALT_BYTES, PrivateSeal } from '../../src/encryption/private-seal.js';
import { HEAD_BYTES, type NewOwnFile, type OwnFile } from '../../src/memory/own-files.js';
import { OwnImage, OwnImageWriter } from '../../src/memory/own-image.js';
import { OwnWork } from '../../src/memory/own-work.js';
import type { PackId } from '../../store-format/index.js';
import { Violation } from './violation.js';

/** A machine's private folder: it outlives its processes. */
export class OwnFolder {
  readonly files = new Map<string, Buffer>();
  packs: ReadonlySet<PackId> = new Set();
}

export class SimulatedOwnWork extends OwnWork {
  constructor(
    private readonly folder: OwnFolder,
    private readonly keyring: Keyring,
    private readonly random: (bytes: number) => Uint8Array,
  ) {
    super('/nowhere', keyring, () => undefined);
  }

  override async image(name: string): Promise<OwnImage | undefined> {
    const bytes = this.folder.files.get(name);
    return bytes && OwnImage.open(this.#opened(name, bytes));
  }

  override async newImage(name: string): Promise<OwnImageWriter> {
    return new OwnImageWriter(this.#begun(name), (error) => {
      throw new Violation('unexpected', `What a machine keeps of its own work fails: ${String(error)}`);
    });
  }

  override async packs(): Promise<ReadonlySet<PackId>> {
    return this.folder.packs;
  }

  override async addPacks(news: Iterable<PackId>, isThere: (pack: PackId) => boolean): Promise<void> {
    this.folder.packs = new Set([...[...this.folder.packs].filter(isThere), ...news]);
  }

  #opened(name: string, bytes: Buffer): OwnFile {
    return {
      size: bytes.length,
      seal: new PrivateSeal(this.keyring, bytes.subarray(HEAD_BYTES - PRIVATE_SALT_BYTES, HEAD_BYTES), name),
      read: async (offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
      close: async () => {},
    };
  }

  #begun(name: string): NewOwnFile {
    const salt = this.random(PRIVATE_SALT_BYTES);
    const pieces = [Buffer.alloc(HEAD_BYTES - PRIVATE_SALT_BYTES), Buffer.from(salt)];
    return {
      seal: new PrivateSeal(this.keyring, salt, name),
      append: async (bytes) => void pieces.push(Buffer.from(bytes)),
      finish: async () => void this.folder.files.set(name, Buffer.concat(pieces)),
      abort: async () => {},
    };
  }
}
