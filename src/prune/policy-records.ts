/** The store's policies: a field of its config, changed like any other of it, so that no change by others is lost. */
import { isName, POLICIES_MAX } from '../../store-format/index.js';
import { changeConfig, readConfig } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { RetentionPolicy, StoredPolicy } from '../interface.js';
import { matcherOf } from '../system/name-patterns.js';
import { checkPattern, checkPolicy, inPrecedence } from './policies.js';

/** As they are now: others may have changed them since the store was opened. */
export async function readPolicies({ objects }: Engine): Promise<readonly StoredPolicy[]> {
  const { config } = await readConfig(objects);
  return inPrecedence(config.policies ?? {});
}

/** That of exactly this pattern, else that which is for the name. @throws bad-setting when there is none */
export async function readPolicy(engine: Engine, nameOrPattern: string): Promise<StoredPolicy> {
  const text = nameOrPattern.normalize('NFC');
  const policies = await readPolicies(engine);
  const found =
    policies.find(({ pattern }) => pattern === text) ??
    policies.find(({ pattern }) => isName(text) && matcherOf(pattern)(text));
  if (found !== undefined) return found;
  throw noPolicy(nameOrPattern);
}

/** @throws bad-name, bad-setting */
export async function setPolicy(
  engine: Engine,
  pattern: string,
  policy: RetentionPolicy,
): Promise<StoredPolicy> {
  const normal = checkPattern(pattern);
  const checked = checkPolicy(policy);
  engine.config = await changeConfig(engine.objects, (config) => {
    const policies = { ...config.policies, [normal]: checked };
    if (Object.keys(policies).length <= POLICIES_MAX) return { ...config, policies };
    throw new StoreError(
      'bad-setting',
      `The store has ${POLICIES_MAX} policies, and can have no more: use a pattern for several names`,
    );
  });
  return { pattern: normal, policy: checked };
}

/** @throws bad-setting when there is none of exactly that pattern */
export async function removePolicy(engine: Engine, pattern: string): Promise<StoredPolicy> {
  const normal = pattern.normalize('NFC');
  let removed: StoredPolicy | undefined;
  engine.config = await changeConfig(engine.objects, (config) => {
    const policies = config.policies ?? {};
    if (!Object.hasOwn(policies, normal)) throw noPolicy(pattern);
    const { [normal]: policy, ...others } = policies;
    removed = { pattern: normal, policy: policy! };
    return { ...config, policies: others };
  });
  return removed!;
}

function noPolicy(pattern: string): StoreError {
  return new StoreError(
    'bad-setting',
    `There is no policy "${pattern}"; "doppel policy show" lists those of the store`,
  );
}
