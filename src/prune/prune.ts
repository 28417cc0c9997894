/**
 * Marks the images removed that no rule of a retention policy keeps:
 *
 *     [1] names, and the policy of each
 *     [2] plan: what stays, by which rule (plan-retention.ts)
 *     [3] execute: claim a mark for all else
 *
 * A dry run ends before [3]. Nothing else is decided here: gc gives space back, and until then undelete takes it all back.
 */
import { imageKey, type PubId } from '../../store-format/index.js';
import { readConfig, requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { removeMany } from '../images/remove-many.js';
import type { Image, JudgedImage, PruneOptions, PruneResult, StoredPolicy } from '../interface.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { matcherOf } from '../system/name-patterns.js';
import { byWriter } from './by-writer.js';
import { planRetention } from './plan-retention.js';
import { checkPattern, checkPolicy, inPrecedence, requireKnownRules } from './policies.js';

/** Small reads in flight at a time. */
const CONCURRENCY = 16;

/** What is applied to a name. */
type Applied = Pick<StoredPolicy, 'policy'> & Partial<Pick<StoredPolicy, 'pattern'>>;

export async function prune(engine: Engine, options: PruneOptions = {}): Promise<PruneResult> {
  const { dryRun = false, signal } = options;
  if (!dryRun) requireWritable(engine);
  // [1]
  const policyOf = await policiesFor(engine, options);
  const { images } = await engine.library.requireReadable();
  const groups = groupByName(
    images.filter(({ removed }) => !removed),
    options.names ?? [],
  );
  const withPolicy = [...groups].map(([name, group]) => ({ name, group, applied: policyOf(name) }));
  const withoutPolicy = withPolicy.filter(({ applied }) => applied === undefined).map(({ name }) => name);
  if (options.names?.length && withoutPolicy.length === groups.size) {
    throw nothingToGoBy(`No policy is for ${withoutPolicy.join(', ')}`);
  }
  // [2]
  const plan: JudgedImage[] = [];
  for (const { group, applied } of withPolicy) {
    if (applied !== undefined) plan.push(...(await judge(engine, group, applied)));
    signal?.throwIfAborted();
  }
  // [3]
  const judged = dryRun ? plan : await execute(engine, plan, signal);
  const keptImages = judged.filter(({ kept }) => kept).length;
  return {
    images: judged,
    keptImages,
    removedImages: judged.length - keptImages,
    withoutPolicy,
    dryRun,
  };
}

/** @throws bad-setting when there is nothing to go by */
async function policiesFor(
  engine: Engine,
  options: PruneOptions,
): Promise<(name: string) => Applied | undefined> {
  if (options.policy !== undefined) {
    const policy = checkPolicy(options.policy);
    return () => ({ policy });
  }
  const { config, damage } = await readConfig(engine.objects);
  if (damage !== undefined) throw damage; // an older record may say to keep less
  const policies = inPrecedence(config.policies ?? {});
  if (policies.length === 0) throw nothingToGoBy('Nothing says which images to keep');
  const matchers = policies.map((stored) => ({ stored, matches: matcherOf(stored.pattern) }));
  return (name) => {
    const stored = matchers.find(({ matches }) => matches(name))?.stored;
    if (stored !== undefined) requireKnownRules(stored);
    return stored;
  };
}

function nothingToGoBy(problem: string): StoreError {
  return new StoreError(
    'bad-setting',
    `${problem}: give --keep options, or set a policy with "doppel policy set"`,
  );
}

/** Live images of the names that are asked for, by name. @throws unknown-reference when one matches nothing */
function groupByName(
  images: readonly Image[],
  patterns: readonly string[],
): ReadonlyMap<string, readonly Image[]> {
  const groups = new Map<string, Image[]>();
  for (const image of images) {
    const group = groups.get(image.name);
    if (group === undefined) groups.set(image.name, [image]);
    else group.push(image);
  }
  if (patterns.length === 0) return groups;
  const wanted = new Set<string>();
  for (const pattern of patterns) {
    const found = [...groups.keys()].filter(matcherOf(checkPattern(pattern)));
    if (found.length === 0) {
      throw new StoreError(
        'unknown-reference',
        `There is no image of a name "${pattern}"; "doppel ls" lists the images`,
        { reference: pattern },
      );
    }
    for (const name of found) wanted.add(name);
  }
  return new Map([...groups].filter(([name]) => wanted.has(name)));
}

/** Each writer's images by themselves. */
async function judge(
  { objects, environment }: Engine,
  images: readonly Image[],
  { policy, pattern }: Applied,
): Promise<readonly JudgedImage[]> {
  const appearedMs = await mapConcurrently(images, CONCURRENCY, (image) =>
    objects.modified(imageKey(image.publication as PubId)),
  );
  const candidates = new Map(images.map((image, i) => [image, { image, appearedMs: appearedMs[i] }]));
  const keys = objects.vault?.keyring.writers.map(({ publicKey }) => publicKey) ?? [];
  const judged = new Map<Image, JudgedImage>();
  for (const { images: own, beside, isOrderDoubted } of byWriter(images, keys)) {
    const together = beside.map((image) => candidates.get(image)!);
    const judgements = planRetention(together, policy, environment.now(), { isOrderDoubted });
    for (const [i, { rules, time }] of judgements.entries()) {
      const image = beside[i]!;
      if (!own.has(image)) continue;
      judged.set(image, {
        image,
        kept: rules.length > 0,
        rules,
        effective: new Date(time.latestMs),
        trusted: time.isTrusted,
        ...(pattern === undefined ? {} : { policy: pattern }),
      });
    }
  }
  return images.map((image) => judged.get(image)!);
}

async function execute(
  { objects, environment }: Engine,
  plan: readonly JudgedImage[],
  signal: AbortSignal | undefined,
): Promise<readonly JudgedImage[]> {
  const leaving = plan.filter(({ kept }) => !kept).map(({ image }) => image);
  const stay = await removeMany(objects, environment, leaving, signal);
  return plan.map((judged) => {
    if (judged.kept) return judged;
    if (!stay.has(judged.image.publication)) return { ...judged, image: { ...judged.image, removed: true } };
    return { ...judged, image: { ...judged.image, protected: true }, kept: true, rules: ['protected'] };
  });
}
