/**
 * Maintenance: prune by the store's policies, gc, a slice of scrub. One step that cannot be done keeps no other from being
 * done: where gc refuses to work on a damaged store, scrub tells what is damaged.
 */
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { gc } from '../gc/gc.js';
import type { MaintainOptions, MaintainResult, MaintainStep } from '../interface.js';
import { readPolicies } from '../prune/policy-records.js';
import { prune } from '../prune/prune.js';
import { scrub } from '../scrub/scrub.js';

/** A timer that fires every night reads all of the store in a month. */
const SCRUB_FRACTION = 1 / 30;

export async function maintain(engine: Engine, options: MaintainOptions): Promise<MaintainResult> {
  const { signal, onProgress, dryRun = false } = options;
  const operation = { ...(signal && { signal }), ...(onProgress && { onProgress }), dryRun };
  const clock = () => engine.environment.monotonic() / 1000;
  const started = clock();
  const steps: MaintainStep[] = [];
  const take = async <T>(step: MaintainStep['step'], work: () => Promise<T>): Promise<T | undefined> => {
    const begun = clock();
    try {
      const result = await work();
      steps.push({ step, seconds: clock() - begun });
      return result;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const { code, message } = error;
      steps.push({ step, error: { code, message }, seconds: clock() - begun });
      return undefined;
    }
  };
  const pruned = await take('prune', async () => {
    const hasPolicies = (await readPolicies(engine)).length > 0;
    return hasPolicies ? prune(engine, operation) : undefined;
  });
  const collected = await take('gc', () => gc(engine, { ...operation, ...options.gc }));
  const isSliced = options.scrub?.fraction === undefined && options.scrub?.olderThanMs === undefined;
  const slice = isSliced ? { ...options.scrub, fraction: SCRUB_FRACTION } : options.scrub;
  const scrubbed = await take('scrub', () => scrub(engine, { ...operation, ...slice }));
  return {
    steps,
    ...(pruned && { prune: pruned }),
    ...(collected && { gc: collected }),
    ...(scrubbed && { scrub: scrubbed }),
    seconds: clock() - started,
  };
}
