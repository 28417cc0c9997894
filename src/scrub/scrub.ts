/**
 * Scrub: is every byte of the store what it was? It needs no index and believes none.
 *
 *   [1] choose packs                                choose-packs.ts
 *   [2] read them, note those that are sound        check-packs.ts, attestations.ts
 *   [3] what do images need that nobody has?        needs.ts
 *   [4] read every manifest and record              check-records.ts
 *   [5] repair, if asked                            repair.ts, repair-records.ts, other-store.ts
 *   [6] which ranges of which images are lost       contents/name-losses.ts
 */
import { imageKey, type LeaseId, type PackId, type PubId, packKey } from '../../store-format/index.js';
import { LOST, nameLosses, UNREADABLE } from '../contents/name-losses.js';
import { readConfig, requireFeatures, requireWritable } from '../engine/config-records.js';
import { requireSameKeys } from '../engine/current-keys.js';
import type { Engine } from '../engine/engine.js';
import { Findings } from '../engine/findings.js';
import { HeldLease } from '../engine/lease.js';
import { strayHint } from '../images/stray-hint.js';
import type { DamagedPack, RepairSummary, ScrubOptions, ScrubResult } from '../interface.js';
import { type LastChecks, readLastChecks } from '../packs/last-checks.js';
import { listPacks, type PackListing } from '../packs/list-packs.js';
import { Footers } from '../reachability/survey.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { Attestations } from './attestations.js';
import { PackChecks } from './check-packs.js';
import { checkRecords, type RecordsChecked } from './check-records.js';
import { choosePacks, type ScrubbedPack } from './choose-packs.js';
import { type Needs, NeedsFinder } from './needs.js';
import { OtherStore } from './other-store.js';
import { Repair } from './repair.js';
import { repairManifests, repairRecords } from './repair-records.js';

const SIZES_AHEAD = 16;

/** @param openOther opens the store that lost data is taken from. @throws object-unreadable, no-space, store-read-only */
export async function scrub(
  engine: Engine,
  options: ScrubOptions,
  openOther?: () => Promise<Engine>,
): Promise<ScrubResult> {
  const run = new ScrubRun(engine, options);
  if (options.repair !== true) return run.look();
  requireRepairable(engine);
  const other = openOther === undefined ? undefined : await OtherStore.open(await openOther());
  try {
    const lease = await HeldLease.take(engine.objects, engine.environment, 'scrub');
    try {
      return await run.repair(lease.id, other);
    } finally {
      await lease.release();
    }
  } finally {
    await other?.close();
  }
}

/** A config that cannot be used is one of the things to be mended. @throws store-read-only, unsupported-feature, rolled-back */
function requireRepairable({ objects, config, configDamage }: Engine): void {
  if (configDamage?.code === 'rolled-back') throw configDamage; // one that is older than another is not mended by its keys
  requireFeatures(objects, config, 'collect');
  requireWritable({ objects, config, configDamage: undefined });
}

class ScrubRun {
  readonly #started: number;
  readonly #footers: Footers;
  readonly #checks: PackChecks;
  readonly #needs: NeedsFinder;
  #listing: PackListing | undefined;
  #packs: readonly ScrubbedPack[] = [];
  #wasDecoded: LastChecks['wasDecoded'] = () => false;

  constructor(
    private readonly engine: Engine,
    private readonly options: ScrubOptions,
  ) {
    this.#started = engine.environment.monotonic();
    this.#footers = new Footers(engine);
    const attestations = new Attestations(engine);
    this.#checks = new PackChecks(engine, this.#footers, attestations, options);
    this.#needs = new NeedsFinder(engine, this.#footers, this.#checks, options);
  }

  async look(): Promise<ScrubResult> {
    const chosen = await this.#choose(); // [1]
    if (this.options.dryRun) return this.#planned(chosen);
    const early = this.#needs.findEarly(); // [3], unless [2] finds something
    try {
      await this.#checks.check(chosen, this.#wasDecoded); // [2]
    } finally {
      await early;
    }
    const findings = new Findings();
    const isSound = this.#checks.unsound.size === 0;
    const needs = (isSound ? await early : undefined) ?? (await this.#needs.find(findings)); // [3]
    const records = await checkRecords(this.engine.objects, needs.names, findings); // [4]
    if (!isSound || findings.problems.length > 0) await requireSameKeys(this.engine.objects);
    return this.#result(needs, records, findings); // [6]
  }

  async repair(lease: LeaseId, other: OtherStore | undefined): Promise<ScrubResult> {
    const { engine, options } = this;
    await this.#checks.check(await this.#choose(), this.#wasDecoded); // [1] [2]
    const found = new Findings();
    const first = await this.#needs.find(found); // [3]
    const records = await checkRecords(engine.objects, first.names, found); // [4]
    await requireSameKeys(engine.objects); // all that is unsound was found by now
    const parts = { engine, lease, other, names: first.names };
    const manifests = await repairManifests(parts, first.unreadableImages);
    const replacedObjects = [...(await repairRecords(parts, records.damaged)), ...manifests.restored];
    const { givenUp } = manifests;
    await this.#requireWritable();
    const findNeeds = () => this.#needs.find(new Findings());
    const repair = new Repair({ engine, lease, checks: this.#checks, other, findNeeds }, options);
    const hasNews = replacedObjects.length + givenUp.length > 0;
    const mended = await repair.mend(hasNews ? await findNeeds() : first); // [5]
    if (mended.missing.size > 0) await requireSameKeys(engine.objects);
    const lostEntries = await repair.giveUp(mended.missing);
    const { salvagedEntries, fetchedEntries, writtenBytes, emptiedPacks } = repair;
    const sums = { salvagedEntries, fetchedEntries, lostEntries, writtenBytes, emptiedPacks };
    const repaired = { ...sums, replacedObjects, givenUpImages: givenUp };
    if (!hasNews && mended === first && lostEntries + emptiedPacks === 0)
      return this.#result(first, records, found, repaired);
    const findings = new Findings();
    const left = await this.#needs.find(findings);
    const recordsLeft = await checkRecords(engine.objects, left.names, findings);
    for (const image of givenUp) tellGivenUp(image, findings);
    return this.#result(left, recordsLeft, findings, repaired);
  }

  /** A config that could not be used may be mended by now; a store that cannot be written cannot. */
  async #requireWritable(): Promise<void> {
    const { config, damage } = await readConfig(this.engine.objects);
    requireWritable({ objects: this.engine.objects, config, configDamage: damage });
  }

  async #choose(): Promise<readonly ScrubbedPack[]> {
    const { objects, environment } = this.engine;
    this.#listing = await listPacks(objects);
    const packs = await mapConcurrently([...this.#listing.present], SIZES_AHEAD, async (id) => {
      const packBytes = await objects.size(packKey(id));
      return packBytes === undefined ? undefined : { id, packBytes };
    });
    this.#packs = packs.filter((pack) => pack !== undefined);
    const checks = await readLastChecks(objects);
    this.#wasDecoded = checks.wasDecoded;
    return choosePacks(this.#packs, checks, this.options, environment.now());
  }

  #sums() {
    return {
      packs: this.#packs.length,
      packBytes: this.#packs.reduce((sum, { packBytes }) => sum + packBytes, 0),
      seconds: (this.engine.environment.monotonic() - this.#started) / 1000,
    };
  }

  #planned(chosen: readonly ScrubbedPack[]): ScrubResult {
    return {
      ...this.#sums(),
      checkedPacks: chosen.length,
      checkedBytes: chosen.reduce((sum, { packBytes }) => sum + packBytes, 0),
      checkedEntries: 0,
      checkedObjects: 0,
      damagedPacks: [],
      problems: [],
      hints: [],
    };
  }

  async #result(
    needs: Needs,
    records: RecordsChecked,
    findings: Findings,
    repair?: RepairSummary,
  ): Promise<ScrubResult> {
    const { checkedPacks, checkedBytes, checkedEntries } = this.#checks;
    const emptied = (await listPacks(this.engine.objects)).damaged;
    const damagedPacks = this.#damagedPacks();
    for (const pack of damagedPacks) {
      if (!emptied.has(pack.pack as PackId)) tellDamage(pack, findings);
      else if (pack.known) tellEmptied(pack, findings); // what this run has set aside stands in its summary
    }
    for (const stray of needs.strays) findings.hint(strayHint(stray));
    if (needs.missing.size > 0) {
      const isUnreadable = [...this.#checks.unsound.values()].some(({ unreadable }) => unreadable);
      const loss = isUnreadable ? UNREADABLE : LOST;
      for (const problem of await nameLosses(this.engine, needs.missing, loss, this.options))
        findings.problems.push(problem); // [6]
    }
    return {
      ...this.#sums(),
      checkedPacks,
      checkedBytes,
      checkedEntries,
      checkedObjects: records.objects + needs.images,
      damagedPacks,
      problems: findings.problems,
      hints: findings.hints,
      ...(repair && { repair }),
    };
  }

  #damagedPacks(): readonly DamagedPack[] {
    return Array.from(this.#checks.unsound.values(), ({ id, ...pack }) => ({
      pack: id,
      object: packKey(id),
      ...pack,
      known: this.#listing?.damaged.has(id) ?? false,
    }));
  }
}

function tellEmptied({ pack, object }: DamagedPack, findings: Findings): void {
  const message = `Pack ${pack.slice(0, 12)}… is damaged and was set aside by a repair: gc deletes it`;
  findings.hint({ code: 'pack-emptied', message, object });
}

function tellDamage(damaged: DamagedPack, findings: Findings): void {
  const { pack, object, reason, unreadable, entries, badEntries, signedBy } = damaged;
  const name = `Pack ${pack.slice(0, 12)}…${signedBy === undefined ? '' : `, which "${signedBy}" signed,`}`;
  if (unreadable) {
    const message = `${name} cannot be read now (${reason}): it is left as it is. Once its medium is given up, delete ${object} and run "doppel scrub --repair"`;
    findings.problems.push({ code: 'object-unreadable', message, object });
    return;
  }
  const good = entries - badEntries;
  const rest = good === 0 ? 'none of it can be used' : `${good} of its ${entries} entries are good`;
  const message = `${name} is damaged: ${reason}; ${rest}. "doppel scrub --repair" saves what can be saved`;
  findings.problems.push({ code: 'object-damaged', message, object });
}

function tellGivenUp(image: string, findings: Findings): void {
  const message = `Image @${image} was given up: nobody could read its manifest`;
  findings.problems.push({ code: 'object-missing', message, object: imageKey(image as PubId) });
}
