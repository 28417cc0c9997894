/**
 * Has workers read packs, a few at a time, and keeps what they say of those that are not sound: which entries are bad, and
 * of packs whose footer cannot be believed, what was found in them.
 */
import { type LeaseId, type PackId, packKey } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { ScrubOptions } from '../interface.js';
import { ProgressReport } from '../progress.js';
import { Bits } from '../reachability/bits.js';
import type { Footers } from '../reachability/survey.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import type { CheckPackJob, CheckPackResult } from '../workers/jobs.js';
import type { Attestations } from './attestations.js';
import type { ScrubbedPack } from './choose-packs.js';

/** What is wrong with a pack. */
export interface UnsoundPack {
  readonly id: PackId;
  readonly packBytes: number;
  readonly reason: string;
  /** Entries that the footer lists, or that were found without it. */
  readonly entries: number;
  readonly badEntries: number;
  /** It could not be read: what is bad may be good tomorrow. */
  readonly unreadable: boolean;
  /** The machine that wrote it, where that may only write. */
  readonly signedBy?: string;
}

export class PackChecks {
  readonly unsound = new Map<PackId, UnsoundPack>();
  readonly #bad = new Map<PackId, Bits>();
  readonly #report: ProgressReport;
  checkedPacks = 0;
  checkedBytes = 0;
  checkedEntries = 0;

  constructor(
    private readonly engine: Engine,
    /** Learns what was found in packs without a footer. */
    private readonly footers: Footers,
    private readonly attestations: Attestations,
    private readonly options: ScrubOptions,
  ) {
    this.#report = new ProgressReport(engine.environment, options);
  }

  isBad(pack: PackId, ordinal: number): boolean {
    return this.#bad.get(pack)?.has(ordinal) ?? false;
  }

  /** @param wasDecoded packs of which the checksum tells enough */
  async check(
    packs: readonly ScrubbedPack[],
    wasDecoded: (pack: PackId) => boolean = () => false,
  ): Promise<void> {
    const { engine, options } = this;
    const stop = new SharedArrayBuffer(4);
    const onAbort = () => {
      Atomics.store(new Int32Array(stop), 0, 1);
      Atomics.notify(new Int32Array(stop), 0);
    };
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', onAbort);
    const totalBytes = packs.reduce((sum, { packBytes }) => sum + packBytes, 0);
    // At a given rate one reader is enough, and keeps the rate. Else one more than there are threads waits its turn.
    const readers = options.bytesPerSecond === undefined ? engine.workers.parallelism + 1 : 1;
    try {
      await mapConcurrently(packs, readers, async (pack) => {
        const depth = this.#depthOf(pack.id, wasDecoded);
        const result = await this.#checkOne(pack.id, depth, stop);
        options.signal?.throwIfAborted();
        if (result !== undefined) await this.#note(pack.id, depth, result);
        this.#report.tell(() => ({ phase: 'scrub', doneBytes: this.checkedBytes, totalBytes }));
      });
      this.#report.finish({ phase: 'scrub', doneBytes: totalBytes, totalBytes });
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      await this.attestations.write();
    }
  }

  /** Packs that somebody else could not read: whatever comes of it, they are known to be unsound then, or gone. */
  async checkUnread(packs: ReadonlyMap<PackId, StoreError>): Promise<void> {
    await this.check(Array.from(packs.keys(), (id) => ({ id, packBytes: 0 })));
    for (const [id, error] of packs) {
      if (this.unsound.has(id)) continue;
      const packBytes = await this.engine.objects.size(packKey(id));
      if (packBytes === undefined) continue;
      const none = { entries: 0, badEntries: 0, unreadable: true };
      this.unsound.set(id, { id, packBytes, reason: error.message, ...none });
    }
  }

  #depthOf(pack: PackId, wasDecoded: (pack: PackId) => boolean): CheckPackJob['depth'] {
    const { depth = 'decoded' } = this.options;
    return depth === 'stored' || (depth === 'decoded' && wasDecoded(pack)) ? 'stored' : 'decoded';
  }

  /** @returns undefined for a pack that gc has taken away meanwhile */
  async #checkOne(
    pack: PackId,
    depth: CheckPackJob['depth'],
    stop: SharedArrayBuffer,
  ): Promise<CheckPackResult | undefined> {
    const { engine, options } = this;
    const { bytesPerSecond } = options;
    const key = packKey(pack);
    try {
      const source = engine.objects.localPath?.(key) ?? (await engine.objects.get(key)).bytes;
      const result = await engine.workers.checkPack({ pack, source, depth, bytesPerSecond, stop });
      return result.failure?.errno === 'ENOENT' ? undefined : result;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === 'object-missing') return undefined;
      const failure = { errno: error.details.errno ?? 'EIO', message: error.message, offset: 0 };
      return { packBytes: 0, entries: 0, bad: new Uint32Array(0), failure };
    }
  }

  async #note(pack: PackId, depth: CheckPackJob['depth'], result: CheckPackResult): Promise<void> {
    const { bad, entries, packBytes, salvaged, failure, fault, signer } = result;
    this.checkedPacks++;
    this.checkedBytes += packBytes;
    if (depth === 'decoded') this.checkedEntries += entries;
    const reason = failure?.message ?? fault;
    if (reason === undefined) return this.attestations.add(pack, depth);
    const unreadable = failure !== undefined;
    const writer = signer === undefined ? undefined : this.engine.objects.vault?.writerOf(signer);
    const signedBy = writer?.access === 'write' && { signedBy: writer.name };
    const badEntries = bad.length;
    this.unsound.set(pack, { id: pack, packBytes, reason, entries, badEntries, unreadable, ...signedBy });
    if (salvaged !== undefined) {
      const footer = { ...salvaged, salt: new Uint8Array(0), lease: '' as LeaseId };
      this.footers.adopt({ id: pack, footer, packBytes });
    }
    if (bad.length === 0) return;
    const bits = new Bits(entries);
    for (const ordinal of bad) bits.add(ordinal);
    this.#bad.set(pack, bits);
  }
}
