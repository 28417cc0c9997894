/**
 * Whose footers are believed unread (SPEC.md, "Trust"). A footer only claims that a pack holds an entry, and a machine that
 * may only write can claim what it likes: whoever dedups against such a claim publishes an image that lacks a chunk. So an
 * entry has a home for a writer only in a pack that
 *
 *   [1] a writer of full access has signed, or
 *   [2] somebody with full access has decoded and hashed entry by entry, and said so in `attested/`, or
 *   [3] this machine has written itself, in this process or in one that it remembers.
 *
 * Not in one that its own key has signed: whoever stole the key signs with it, too. Readers hash what they read, and need
 * no trust.
 */
import { AttestationSchema, type PackId, parseLeaseId } from '../../store-format/index.js';
import type { Vault } from '../encryption/vault.js';
import { StoreError } from '../errors.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

const READS_AHEAD = 16;

export class PackTrust {
  readonly #signers = new Map<PackId, string>();
  readonly #attested = new Set<PackId>();
  /** Attestations never change. */
  readonly #read = new Set<string>();
  readonly #own: Set<PackId>;

  private constructor(
    private readonly objects: ObjectStore,
    private readonly vault: Vault,
    own: Iterable<PackId>,
  ) {
    this.#own = new Set(own);
  }

  /** @param own packs that this machine remembers to have written. @returns undefined where nobody signs anything */
  static of(objects: ObjectStore, own: Iterable<PackId> = []): PackTrust | undefined {
    return objects.vault && new PackTrust(objects, objects.vault, own);
  }

  /** Reads what is attested now. */
  async refresh(): Promise<void> {
    if (!this.#isDoubtful()) return;
    const keys = (await this.objects.list('attested')).filter((key) => parseLeaseId(key) !== undefined);
    const unread = keys.filter((key) => !this.#read.has(key));
    await mapConcurrently(unread, READS_AHEAD, (key) => this.#readAttestation(key));
  }

  /** Whether there may be packs of machines that may only write: whoever is one knows of no others. */
  #isDoubtful(): boolean {
    const { access, writers } = this.vault.keyring;
    return access !== 'full' || writers.some((writer) => writer.access !== 'full');
  }

  /** One that cannot be read attests nothing, and a forged one cannot be. */
  async #readAttestation(key: string): Promise<void> {
    try {
      const { depth, packs } = await readRecord(this.objects, key, 'attestation', AttestationSchema);
      if (depth === 'decoded') for (const pack of packs) this.#attested.add(pack as PackId);
      this.#read.add(key);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** What a footer that was read says of its signer. */
  noteSigner(pack: PackId, signer: string | undefined): void {
    if (signer !== undefined) this.#signers.set(pack, signer);
  }

  /** This process wrote it. */
  noteOwn(pack: PackId): void {
    this.#own.add(pack);
  }

  /** @returns undefined while its footer was not read */
  isTrusted(pack: PackId): boolean | undefined {
    if (this.#own.has(pack) || this.#attested.has(pack)) return true;
    const signer = this.#signers.get(pack);
    return signer === undefined ? undefined : this.vault.writerOf(signer)?.access === 'full';
  }
}
