/** What simulated processes do: the real operations, and what their results promise. */
import { capture } from '../../src/capture/capture.js';
import { openContents } from '../../src/contents/open-contents.js';
import { readRange } from '../../src/contents/read-range.js';
import { changeConfig, requireWritable } from '../../src/engine/config-records.js';
import type { Engine } from '../../src/engine/engine.js';
import { pinImage, unpin } from '../../src/engine/pins.js';
import { StoreError } from '../../src/errors.js';
import { gc } from '../../src/gc/gc.js';
import type { CaptureOptions, GcOptions, Image } from '../../src/interface.js';
import { scrub } from '../../src/scrub/scrub.js';
import type { PubId } from '../../store-format/index.js';
import type { DiskPool } from './disk-pool.js';
import { bytesOf, streamOf } from './disks.js';
import type { Ledger, PublishedImage } from './ledger.js';
import type { Model } from './model.js';
import type { RunningOperation } from './processes.js';
import type { Random } from './random.js';
import type { OperationKind, Scenario } from './scenario.js';
import { OWN_NAME } from './simulated-keys.js';
import { Violation } from './violation.js';

export interface Actor {
  readonly engine: Engine;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly disks: DiskPool;
  readonly model: Model;
  readonly scenario: Scenario;
  readonly operation: RunningOperation;
  /** True time. */
  nowMs(): number;
  /** Throws the process's chunk index away, as rebuilding does. */
  dropIndex(): Promise<void>;
  /** Of a store with keys. */
  rotateKeys(): Promise<void>;
  /** The engine was opened with the keys that are in force now. */
  hasCurrentKeys(): boolean;
}

const NAMES = ['web', 'mail'] as const;
/** Of runs of gc that would only find another one, so many do something else instead. */
const SPARED_GCS = 0.8;
/** For each capture with a key that may only write, so much of each of what it may not do. */
const REFUSED = 0.03;
/** And of removals where there is little. */
const SPARED_REMOVALS = 0.6;

export function chooseOperation(
  random: Random,
  scenario: Scenario,
  off: ReadonlySet<OperationKind>,
  now: {
    /** Another gc runs and seems to live. */
    readonly collecting: boolean;
    readonly liveImages: number;
    /** The process has a key that may only write. */
    readonly isWriteOnly: boolean;
  },
): OperationKind {
  const wish = random.weighted(now.isWriteOnly ? writeOnly(scenario) : scenario.weights);
  const futile =
    !now.isWriteOnly &&
    ((wish === 'gc' && now.collecting && random.chance(SPARED_GCS)) ||
      (wish === 'remove' && now.liveImages <= scenario.liveImages && random.chance(SPARED_REMOVALS)));
  const kind = futile ? random.weighted({ ...scenario.weights, gc: 0, remove: 0 }) : wish;
  return off.has(kind) ? 'read' : kind;
}

/** What it can do, and now and then what it is refused. */
function writeOnly({ weights }: Scenario): Partial<Record<OperationKind, number>> {
  const refused = weights.capture * REFUSED;
  return { capture: weights.capture, rebuild: weights.rebuild, gc: refused, remove: refused, pin: refused };
}

export const OPERATIONS: Readonly<Record<OperationKind, (actor: Actor) => Promise<void>>> = {
  capture: captureDisk,
  read: readImage,
  remove: removeImage,
  undelete: undeleteImage,
  tag: tagImage,
  pin: makePin,
  unpin: endPin,
  gc: collect,
  rebuild: async (actor) => {
    await actor.dropIndex();
    await actor.engine.catalog();
  },
  configure: configureGc,
  scrub: scrubStore,
  rotate: ({ rotateKeys }) => rotateKeys(),
};

async function captureDisk(actor: Actor): Promise<void> {
  const { engine, random, ledger, disks, nowMs } = actor;
  const disk = disks.choose(random);
  const { name, ...options } = engine.objects.vault?.canRead === false ? ownRequest(actor) : request(actor);
  const { image } = await capture(engine, streamOf(disk), name, options);
  ledger.publish({ pub: image!.publication, id: image!.id, disk, publishedMs: nowMs() });
}

type CaptureRequest = CaptureOptions & { readonly name: string };

function request({ random, ledger, model, scenario }: Actor): CaptureRequest {
  const name = random.pick(NAMES);
  const live = [...ledger.images.values()].filter(({ pub }) => model.isLive(pub));
  const { explicit } = scenario.parents;
  const how = random.weighted({ ...scenario.parents, explicit: live.length > 0 ? explicit : 0 });
  const parent = how === 'none' ? false : how === 'explicit' ? `@${random.pick(live).id}` : undefined;
  return {
    name,
    ...(parent === undefined ? {} : { parent }),
    ...(random.chance(0.1) ? { tag: 'stable' } : {}),
  };
}

/** A machine that may only write knows its own last image, and no other. */
function ownRequest({ random, scenario: { parents } }: Actor): CaptureRequest {
  const how = random.weighted({ byName: parents.byName + parents.explicit, none: parents.none });
  return { name: OWN_NAME, ...(how === 'none' ? { parent: false } : {}) };
}

async function readImage({
  engine,
  random,
  ledger,
  model,
  operation,
  scenario,
  nowMs,
  hasCurrentKeys,
}: Actor): Promise<void> {
  const live = [...ledger.images.values()].filter(({ pub }) => model.isLive(pub));
  if (live.length === 0) return;
  const image = random.pick(live);
  // Where listings lag, what has just been stored may not be found yet.
  const isListed = nowMs() - image.publishedMs >= scenario.listDelayMs;
  try {
    await compare(engine, image, random.chance(0.5) ? 1 : 3);
  } catch (error) {
    const stayed = model.stayedLiveSince(image.pub, operation.startedStep);
    const spared = operation.disturbed || model.wholeness.wasDamaged(image.pub);
    const mustWork = !spared && stayed && isListed && hasCurrentKeys() && !isMarkedLate(error, scenario);
    if (error instanceof Violation || !mustWork) throw error;
    throw new Violation('read', `Image ${image.pub} is live and cannot be read: ${String(error)}`, [
      image.pub,
    ]);
  }
}

/** Where listings lag, an image that has just been brought back may seem to be removed. */
function isMarkedLate(error: unknown, { listDelayMs }: Scenario): boolean {
  return listDelayMs > 0 && error instanceof StoreError && error.code === 'unknown-reference';
}

/** Reads all of it, in some parts. */
export async function compare(
  engine: Engine,
  { id, pub, disk }: PublishedImage,
  parts: number,
): Promise<void> {
  const expected = bytesOf(disk);
  const { images, catalog, release } = await openContents(engine, [`@${id}`], {});
  try {
    const { contents } = images[0]!;
    if (contents.size !== expected.length)
      throw new Violation('bytes', `Image ${pub} has another size`, [pub]);
    const step = Math.ceil(expected.length / parts);
    for (let at = 0; at < expected.length; at += step) {
      const found = await readRange(engine, catalog, contents, at, step);
      if (expected.subarray(at, at + step).equals(found)) continue;
      throw new Violation('bytes', `Image ${pub} gives other bytes from ${at} on`, [pub]);
    }
  } finally {
    await release();
  }
}

async function removeImage({ engine, random }: Actor): Promise<void> {
  requireWritable(engine);
  const live = await engine.library.list();
  if (live.length > 0) await engine.library.remove(referenceTo(random.pick(live)));
}

async function undeleteImage({ engine, random, model, operation }: Actor): Promise<void> {
  requireWritable(engine);
  const removed = await engine.library.list({ removed: true });
  if (removed.length === 0) return;
  const { publication } = await engine.library.undelete(referenceTo(random.pick(removed)));
  if (!model.wasLiveSince(publication, operation.startedStep))
    throw new Violation('undelete', `Image ${publication} was reported restored, and is not`, [publication]);
}

async function tagImage({ engine, random }: Actor): Promise<void> {
  requireWritable(engine);
  const live = await engine.library.list();
  if (live.length > 0)
    await engine.library.tag(referenceTo(random.pick(live)), random.pick(['stable', 'old']));
}

async function makePin({ engine, random, ledger, model }: Actor): Promise<void> {
  const images = [...(await engine.library.list()), ...(await engine.library.list({ removed: true }))];
  if (images.length === 0) return;
  const pub = random.pick(images).publication;
  const { id } = await pinImage(engine.objects, engine.environment, pub as PubId, 'overlay');
  if (!model.wholeness.isRoot(pub))
    throw new Violation('pin', `Image ${pub} was pinned, and is no root`, [pub]);
  ledger.pins.set(id, pub);
}

async function endPin({ engine, random, ledger }: Actor): Promise<void> {
  if (ledger.pins.size === 0) return;
  const id = random.pick([...ledger.pins.keys()]);
  ledger.pins.delete(id);
  await unpin(engine.objects, id);
}

async function collect({ engine, random, scenario }: Actor): Promise<void> {
  const { gracesMs, waitsMs, maxRepackBytes } = scenario.gc;
  const graceMs = random.pick(gracesMs);
  const waitMs = random.pick(waitsMs);
  const maxBytes = random.pick(maxRepackBytes);
  const options: GcOptions = {
    ...(graceMs === undefined ? {} : { graceMs }),
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(maxBytes === undefined ? {} : { maxRepackBytes: maxBytes }),
    ...(random.chance(0.02) ? { dryRun: true } : {}),
  };
  await gc(engine, options);
}

/** What one run of gc spares another may not, and the other way round. */
async function configureGc({ engine, random }: Actor): Promise<void> {
  requireWritable(engine);
  const repackBelow = random.pick([0, 50, 90, 100]);
  await changeConfig(engine.objects, (config) => ({
    ...config,
    settings: { ...config.settings, repackBelow },
  }));
}

/** Mostly it repairs. In a store that nobody hurt it finds nothing, whatever runs beside it. */
async function scrubStore({ engine, random, model, operation, scenario }: Actor): Promise<void> {
  const repair = random.chance(0.8);
  if (repair) requireWritable(engine);
  const wasSound = model.wholeness.isSound;
  const { problems } = await scrub(engine, { repair, fraction: random.pick([0.3, 1]) });
  const isSound = wasSound && model.wholeness.isSound;
  if (!isSound || operation.disturbed || scenario.listDelayMs > 0 || problems.length === 0) return;
  throw new Violation('scrub', `Scrub found what is not so: ${problems[0]!.message}`, []);
}

function referenceTo({ id }: Image): string {
  return `@${id}`;
}
