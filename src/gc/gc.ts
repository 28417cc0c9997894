/**
 * gc gives back the space of removed images, beside captures and restores that go on (SPEC.md, section 13):
 *
 *   [1] lease; read the config and its flags again; announce the run
 *   [2] purge what was removed long enough ago                        purge.ts
 *   [3] list roots, mark what they need                               roots.ts, mark.ts
 *   [4] plan which packs go                                           plan.ts
 *   [5] evacuate what is needed of them                               evacuation.ts
 *   [6] condemn them, [7] wait for leases, [8] list all roots anew,
 *   [9] look for homes anew, rescue what has none, [10] unlink        removal.ts
 *
 * Packs of which nothing is kept go through [5] to [10] first, so that a full disk has room for the others. What cannot
 * be read on the way ends the run before anything more is deleted (I12). Stopped anywhere, the next run goes on.
 */
import { type Config, type LeaseId, type PubId, parseLeaseId } from '../../store-format/index.js';
import { attest } from '../engine/attest.js';
import { readConfig, requireFeatures, requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { settingValue } from '../engine/settings.js';
import { StoreError } from '../errors.js';
import { readNameRecord } from '../images/name-records.js';
import type { GcOptions, GcResult } from '../interface.js';
import { ProgressReport } from '../progress.js';
import { CheckedCopies } from '../reachability/checked-copies.js';
import { LostEntries } from '../reachability/lost-entries.js';
import type { Mark } from '../reachability/mark.js';
import { listRoots, Manifests, type Roots } from '../reachability/roots.js';
import { Footers, type NumberedPack } from '../reachability/survey.js';
import { evacuate } from './evacuation.js';
import { announceRun, recordEnd } from './gc-records.js';
import { doneResult, finishedRecord, plannedResult } from './gc-result.js';
import { dropEnded, listLiving, listOthers } from './leases-of-others.js';
import { markRoots } from './mark-roots.js';
import { makePlan, type PackUse, type PackWriters, type Plan } from './plan.js';
import { dropOldMarks, imagesThatAre, listNamed, purge, purgeable } from './purge.js';
import { Removal } from './removal.js';
import { sweepRecords } from './sweep-records.js';

const HOUR_MS = 3600 * 1000;
const DEFAULT_WAIT_MS = 10 * 60 * 1000;
/** Bytes rewritten before the packs that they come from go: the room that the disk must have. */
const BATCH_BYTES = 1024 * 1024 * 1024;

/** @throws gc-running, store-read-only, rolled-back, object-damaged, object-missing, object-unreadable, no-space, conflict */
export async function gc(engine: Engine, options: GcOptions): Promise<GcResult> {
  if (options.dryRun) return overtakenIsConflict(new GcRun(engine, options).preview());
  requireWritable(engine);
  await engine.library.requireNotRolledBack();
  const lease = await HeldLease.take(engine.objects, engine.environment, 'gc');
  try {
    return await overtakenIsConflict(new GcRun(engine, options).run(lease.id));
  } finally {
    await lease.release();
  }
}

/** A pack or manifest that is there and then is not: another gc, that had taken this one for dead, removed it. */
async function overtakenIsConflict<T>(run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'object-missing') throw cause;
    const { object } = cause.details;
    if (object === undefined) throw cause;
    throw new StoreError(
      'conflict',
      `Another gc removed ${object} meanwhile; run gc again`,
      { object },
      { cause },
    );
  }
}

class GcRun {
  readonly #startedMs: number;
  readonly #started: number;
  readonly #manifests: Manifests;
  readonly #footers: Footers;
  readonly #checked = new CheckedCopies();
  readonly #report: ProgressReport;
  #writtenBytes = 0;

  constructor(
    private readonly engine: Engine,
    private readonly options: GcOptions,
  ) {
    this.#startedMs = engine.environment.now();
    this.#started = engine.environment.monotonic();
    this.#manifests = new Manifests(engine.objects);
    this.#footers = new Footers(engine);
    this.#report = new ProgressReport(engine.environment, options);
  }

  /** The plan, and what would follow from it; nothing is written, not even a lease. */
  async preview(): Promise<GcResult> {
    const { engine } = this;
    const config = await this.#config();
    const roots = await this.#listRoots();
    const ripe = new Set(await purgeable(engine, roots, this.#grace(config, 'removedGraceHours')));
    const named = await listNamed(engine.objects, await listLiving(engine));
    const isFree = (image: PubId) => ripe.has(image) && !named.has(image);
    const images = new Set([...roots.images].filter((image) => !isFree(image)));
    const lost = await LostEntries.read(engine.objects);
    const mark = await this.#mark(images, lost);
    const ending = new Set([...roots.images].filter(isFree));
    const plan = await this.#plan(config, roots, mark, ending);
    const ended = [...imagesThatAre(roots, 'removed'), ...imagesThatAre(roots, 'purged')];
    const purgedImages = ended.filter((image) => !images.has(image)).length;
    return plannedResult(this.#planned(plan, mark), {
      purgedImages,
      keptImages: ended.length - purgedImages,
    });
  }

  async run(lease: LeaseId): Promise<GcResult> {
    const { engine } = this;
    const { objects } = engine;
    const config = await this.#config(); // [1]
    const listDelayMs = config.listDelayMs ?? 0;
    await announceRun(objects, lease, this.#startedMs);
    await dropEnded(engine, await listOthers(engine, lease), lease); // the dead hold nothing
    const before = await this.#listRoots();
    const graceMs = this.#grace(config, 'removedGraceHours');
    const { purged, kept } = await purge(engine, before, graceMs, listDelayMs); // [2]
    const roots = purged.size === 0 ? before : await this.#listRoots(); // [3]
    const lost = await LostEntries.read(objects);
    const mark = await this.#mark(roots.images, lost);
    const plan = await this.#plan(config, roots, mark, purged); // [4]
    const removal = new Removal(
      {
        engine,
        lease,
        manifests: this.#manifests,
        footers: this.#footers,
        checked: this.#checked,
        lost,
        listDelayMs,
        options: this.options,
        onWaiting: (leases) => this.#tellWaiting(leases),
      },
      mark,
    );
    removal.resume(plan.resumed.map(({ pack }) => pack));
    const remove = async (uses: readonly PackUse[]) => {
      await removal.condemn(await this.#evacuate(uses, lease, mark, lost)); // [5] [6]
      await removal.finish(0); // [7] to [10], unless somebody is to be waited for
    };
    await remove(plan.dropped);
    for (const batch of inBatches(plan.repacked)) await remove(batch);
    await removal.finish(this.options.waitMs ?? DEFAULT_WAIT_MS);
    // Whoever relies on these packs need not read them again: all they hold was decoded and hashed (I11).
    await attest(engine, lease, { depth: 'decoded', packs: this.#checked.ownPacks });
    await dropOldMarks(engine, roots);
    await sweepRecords(engine, this.#manifests.names, lost.unused);
    const ended = { purgedImages: purged.size, keptImages: kept };
    const result = doneResult(this.#planned(plan, mark), ended, removal, this.#writtenBytes);
    const finished = finishedRecord(result, removal, engine.environment.now());
    await recordEnd(objects, { lease, startedMs: this.#startedMs, finished });
    return result;
  }

  async #config(): Promise<Config> {
    const { objects } = this.engine;
    const { config, damage } = await readConfig(objects);
    if (damage !== undefined) throw damage;
    for (const set of ['write', 'collect'] as const) requireFeatures(objects, config, set);
    return config;
  }

  #grace(config: Config, setting: 'removedGraceHours' | 'packGraceHours'): number {
    return this.options.graceMs ?? HOUR_MS * settingValue(config, setting);
  }

  /** The highest record about each name must be readable as well: it says what is protected and tagged. */
  async #listRoots(): Promise<Roots> {
    const { objects } = this.engine;
    const roots = await listRoots(objects, this.#manifests);
    for (const name of this.#manifests.names) await readNameRecord(objects, name);
    return roots;
  }

  #mark(roots: ReadonlySet<PubId>, lost: LostEntries): Promise<Mark> {
    const onBytes = (doneBytes: number, totalBytes: number) =>
      this.#report.tell(() => ({ phase: 'mark', doneBytes, totalBytes }));
    const { engine } = this;
    const parts = { engine, footers: this.#footers, manifests: this.#manifests, roots, lost, onBytes };
    return markRoots(parts, this.options);
  }

  async #plan(config: Config, roots: Roots, mark: Mark, ended: ReadonlySet<PubId>): Promise<Plan> {
    const { engine, options } = this;
    const attested = new Set((await engine.objects.list('attested')).map(parseLeaseId));
    const living = new Set((await listLiving(engine)).map(({ id }) => id));
    const isNamed = (lease: LeaseId) =>
      roots.manifests.has(lease) || roots.marks.has(lease) || attested.has(lease);
    const markFormer = () => this.#markFormer(mark, ended);
    const writers: PackWriters = { living, isNamed, markFormer };
    const settings = {
      repackBelow: settingValue(config, 'repackBelow') / 100,
      maxRepackBytes: options.maxRepackBytes ?? Number.POSITIVE_INFINITY,
      packGraceMs: this.#grace(config, 'packGraceHours'),
    };
    return makePlan(engine, mark, settings, writers, options);
  }

  /** Their manifests are gone, but for what memory holds; what cannot be read is not known to have been needed. */
  async #markFormer(mark: Mark, ended: ReadonlySet<PubId>): Promise<Mark | undefined> {
    try {
      return await mark.ofOthers(ended);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return undefined;
    }
  }

  /** @returns the packs that may go: what roots need of them stands elsewhere */
  async #evacuate(
    uses: readonly PackUse[],
    lease: LeaseId,
    mark: Mark,
    lost: LostEntries,
  ): Promise<readonly NumberedPack[]> {
    const { engine, options } = this;
    const totalBytes = uses.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
    let doneBytes = 0;
    const onBytes = (bytes: number) => {
      doneBytes += bytes;
      this.#report.tell(() => ({ phase: 'repack', doneBytes, totalBytes: Math.max(doneBytes, totalBytes) }));
    };
    const parts = {
      engine,
      lease,
      mark,
      footers: this.#footers,
      checked: this.#checked,
      lost,
      signal: options.signal,
      onBytes,
    };
    const packs = uses.map(({ pack }) => pack);
    const { stuck, writtenBytes } = await evacuate(parts, packs);
    this.#writtenBytes += writtenBytes;
    return packs.filter(({ id }) => !stuck.has(id));
  }

  #tellWaiting(leases: number): void {
    this.#report.tell(() => ({ phase: 'wait', doneBytes: 0, leases }));
  }

  #planned(plan: Plan, { survey }: Mark) {
    return { plan, survey, seconds: (this.engine.environment.monotonic() - this.#started) / 1000 };
  }
}

function* inBatches(uses: readonly PackUse[]): Generator<readonly PackUse[]> {
  let batch: PackUse[] = [];
  let bytes = 0;
  for (const use of uses) {
    if (bytes + use.keptBytes > BATCH_BYTES && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(use);
    bytes += use.keptBytes;
  }
  if (batch.length > 0) yield batch;
}
