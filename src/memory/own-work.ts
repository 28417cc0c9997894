/**
 * What a machine that may only write remembers of its own work: its last image of each name, and which packs it wrote. It is
 * kept by nobody else, so it is evidence of what this machine did, and of nothing else. All of it is best effort: what cannot
 * be kept or read is told, and the capture goes on without.
 */
import { nameFolder, nameKeyInSealedStore, type PackId, toHex } from '../../store-format/index.js';
import { type Keyring, nameKeyOf } from '../encryption/keyring.js';
import { messageOf } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { keyedHash } from '../hashing/keyed-ids.js';
import type { Warning } from '../interface.js';
import { HEAD_BYTES, OwnFiles } from './own-files.js';
import { OwnImage, OwnImageWriter } from './own-image.js';

const PACKS = 'packs';
const ID_BYTES = 32;

export class OwnWork {
  readonly #files: OwnFiles;
  readonly #nameHash: (bytes: Uint8Array) => Uint8Array;
  #told = false;

  /** @param stateFolder of the user's, for all stores */
  constructor(
    stateFolder: string,
    keyring: Keyring,
    private readonly warn: (warning: Warning) => void,
  ) {
    this.#files = new OwnFiles(stateFolder, keyring);
    this.#nameHash = keyedHash(nameKeyOf(keyring));
  }

  /** The last image of a name that was stored here; whoever takes it closes it. */
  image(name: string): Promise<OwnImage | undefined> {
    return this.#orNothing('read', async () => {
      const file = await this.#files.open(this.#fileOf(name));
      if (file === undefined) return undefined;
      const image = await OwnImage.open(file).catch(async (error: unknown) => {
        await file.close();
        throw error;
      });
      if (image?.description.name === name) return image;
      await file.close();
      return undefined;
    });
  }

  newImage(name: string): Promise<OwnImageWriter | undefined> {
    return this.#orNothing('kept', async () => {
      const file = await this.#files.create(this.#fileOf(name));
      return new OwnImageWriter(file, (error) => this.#tell('kept', error));
    });
  }

  /** Packs that were written here. */
  async packs(): Promise<ReadonlySet<PackId>> {
    const bytes = await this.#orNothing('read', async () => {
      const file = await this.#files.open(PACKS);
      try {
        return file?.seal.open(0, await file.read(HEAD_BYTES, file.size - HEAD_BYTES));
      } finally {
        await file?.close();
      }
    });
    const packs = new Set<PackId>();
    for (let at = 0; bytes !== undefined && at < bytes.length; at += ID_BYTES)
      packs.add(toHex(bytes.subarray(at, at + ID_BYTES)) as PackId);
    return packs;
  }

  /** Adds to them. @param isThere packs that are gone are remembered no more */
  async addPacks(news: Iterable<PackId>, isThere: (pack: PackId) => boolean): Promise<void> {
    const fresh = [...news];
    if (fresh.length === 0) return;
    const all = new Set([...[...(await this.packs())].filter(isThere), ...fresh]);
    await this.#orNothing('kept', async () => {
      const file = await this.#files.create(PACKS);
      try {
        await file.append(file.seal.seal(0, Buffer.from([...all].join(''), 'hex')));
        await file.finish();
      } catch (error) {
        await file.abort();
        throw error;
      }
    });
  }

  /** Tells nobody the name. */
  #fileOf(name: string): string {
    return nameKeyInSealedStore(nameFolder(name, blake3), this.#nameHash).slice('tags/'.length);
  }

  async #orNothing<T>(what: 'read' | 'kept', work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#tell(what, error);
      return undefined;
    }
  }

  #tell(what: 'read' | 'kept', error: unknown): void {
    const message = `What this machine stored cannot be ${what} (${messageOf(error)}): the next captures look up and store more than they need`;
    if (!this.#told) this.warn({ code: 'own-work-unusable', message });
    this.#told = true;
  }
}
