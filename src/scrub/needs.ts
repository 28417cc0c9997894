/**
 * What the store's images need and which of it nobody has. Images are listed before packs: what a published image needs is
 * there, unless gc moves it meanwhile, and then one look more finds it.
 */
import { type PackId, type PubId, parseLeaseId, parsePackId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import type { Findings } from '../engine/findings.js';
import { requireId } from '../engine/leases.js';
import { StoreError } from '../errors.js';
import { findPurged } from '../images/marks.js';
import type { Stray } from '../images/stray-hint.js';
import type { OperationOptions } from '../interface.js';
import { listPackIds } from '../packs/list-packs.js';
import { ProgressReport } from '../progress.js';
import { Mark } from '../reachability/mark.js';
import { MissingEntries } from '../reachability/missing-entries.js';
import { Manifests } from '../reachability/roots.js';
import { Footers, Survey } from '../reachability/survey.js';
import type { PackChecks } from './check-packs.js';

/** Looks before what is missing counts as missing: a gc beside moves packs once at most in a moment. */
const MAX_LOOKS = 4;

export interface Needs {
  /** Copies in packs that are not sound are kept only where there is no other. */
  readonly mark: Mark;
  readonly missing: MissingEntries;
  /** Manifests that cannot be decoded. */
  readonly unreadableImages: readonly PubId[];
  /** How many manifests were read. */
  readonly images: number;
  /** Names of the images. */
  readonly names: ReadonlySet<string>;
  /** Those that their writers had no right to publish. */
  readonly strays: readonly Stray[];
}

export class NeedsFinder {
  constructor(
    private readonly engine: Engine,
    private readonly footers: Footers,
    private readonly checks: PackChecks,
    private readonly options: OperationOptions,
  ) {}

  /** @param findings takes what is wrong with manifests. @throws object-unreadable */
  async find(findings: Findings): Promise<Needs> {
    for (let looks = 1; ; looks++) {
      const before = await listPackIds(this.engine.objects, 'packs');
      const own = { manifests: new Manifests(this.engine.objects), problems: [] as StoreError[] };
      const needs = await this.#look(own.manifests, own.problems);
      const isSure = needs !== undefined && (needs.missing.size === 0 || (await this.#isUnchanged(before)));
      if (needs !== undefined && (isSure || looks >= MAX_LOOKS)) {
        for (const problem of own.problems) findings.add(problem);
        return needs;
      }
    }
  }

  /**
   * As `find`, while packs are still being read: main thread and workers have different things to do.
   *
   * @returns undefined where anything is not as it should be: it is looked at again when the packs have been read
   */
  async findEarly(): Promise<Needs | undefined> {
    const problems: StoreError[] = [];
    try {
      const needs = await this.#look(new Manifests(this.engine.objects), problems, { isEarly: true });
      if (needs === undefined || needs.missing.size > 0 || problems.length > 0) return undefined;
      return this.checks.unsound.size > 0 ? undefined : needs;
    } catch (error) {
      if (error instanceof StoreError || this.options.signal?.aborted) return undefined;
      throw error;
    }
  }

  /** @returns undefined when a pack turned out to be damaged that had not been read: now it has been */
  async #look(
    manifests: Manifests,
    problems: StoreError[],
    { isEarly } = { isEarly: false },
  ): Promise<Needs | undefined> {
    const { engine, checks, options } = this;
    // What could be read a moment ago says nothing about a pack that cannot be read any more.
    const footers = isEarly ? new Footers(engine) : this.footers;
    const { roots, unreadable } = await this.#listRoots(manifests, problems);
    const unread = new Map<PackId, StoreError>();
    const survey = await Survey.take(engine, footers, {
      suspects: new Set(checks.unsound.keys()),
      onUnreadable: (pack, error) => {
        if (!checks.unsound.has(pack)) unread.set(pack, error);
      },
      onlyLooks: true,
    });
    if (unread.size > 0 && isEarly) return undefined;
    if (unread.size > 0) {
      await checks.checkUnread(unread);
      return undefined;
    }
    const missing = new MissingEntries();
    const report = new ProgressReport(engine.environment, options);
    const totalBytes = survey.packBytes;
    const orCheck = (work: () => Promise<Mark>) => (isEarly ? work() : this.#orCheck(work));
    const mark = await orCheck(() =>
      Mark.of(
        {
          engine,
          survey,
          manifests,
          roots,
          onMissing: (kind, id) => missing.add(kind, id),
          isBad: (pack, ordinal) => checks.isBad(pack, ordinal),
          onShare: (share) =>
            isEarly ||
            report.tell(() => ({ phase: 'mark', doneBytes: Math.floor(share * totalBytes), totalBytes })),
        },
        options,
      ),
    );
    if (mark === undefined) return undefined;
    return {
      mark,
      missing,
      unreadableImages: unreadable,
      images: roots.size,
      names: manifests.names,
      strays: manifests.strays,
    };
  }

  /** @returns undefined when a pack that was not read before cannot be read: now that is known */
  async #orCheck(mark: () => Promise<Mark>): Promise<Mark | undefined> {
    try {
      return await mark();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'object-unreadable') throw error;
      const pack = parsePackId(error.details.object ?? '');
      if (pack === undefined || this.checks.unsound.has(pack)) throw error;
      await this.checks.checkUnread(new Map([[pack, error]]));
      return undefined;
    }
  }

  async #listRoots(manifests: Manifests, problems: StoreError[]) {
    const { objects } = this.engine;
    const ids: PubId[] = [];
    for (const key of await objects.list('images')) {
      if (parseLeaseId(key) !== undefined) ids.push(requireId(key));
    }
    const purged = await findPurged(objects, ids);
    const roots = new Set<PubId>();
    const unreadable: PubId[] = [];
    for (const id of ids) {
      if (purged.has(id)) continue;
      try {
        if ((await manifests.read(id)) !== undefined) roots.add(id);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (error.code === 'object-missing') continue; // purged meanwhile
        problems.push(error);
        if (error.code === 'object-damaged') unreadable.push(id);
      }
    }
    return { roots, unreadable };
  }

  /** Where listings lag, what is there may not be listed yet. */
  async #isUnchanged(before: ReadonlySet<PackId>): Promise<boolean> {
    const { config, environment } = this.engine;
    if (config.listDelayMs) await environment.sleep(config.listDelayMs, this.options.signal);
    const now = await listPackIds(this.engine.objects, 'packs');
    return now.size === before.size && [...now].every((pack) => before.has(pack));
  }
}
