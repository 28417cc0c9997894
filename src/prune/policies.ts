/**
 * Policies as people give them, and which of the store's is for a name: an exact name before globs, of globs the longer
 * one first, of equally long ones that which comes first in the order of their characters. One policy is for a name,
 * never a mixture: what is said of `web-db` alone is not widened by what is said of `*`.
 */
import * as v from 'valibot';
import { isName, type Policy, PolicySchema, unknownRules } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { RetentionPolicy, StoredPolicy } from '../interface.js';

/** As long as a name may be. */
const PATTERN_MAX_CHARACTERS = 255;

/** @throws bad-setting when it is no policy, or would keep nothing */
export function checkPolicy(policy: RetentionPolicy): Policy {
  const result = v.safeParse(PolicySchema, policy);
  const [unknown] = result.success ? unknownRules(result.output) : [];
  if (result.success && unknown === undefined) return result.output;
  const [issue] = result.issues ?? [];
  const place = issue === undefined ? unknown! : (v.getDotPath(issue) ?? '');
  const problem = issue?.message ?? 'is no rule';
  throw new StoreError(
    'bad-setting',
    `This policy cannot be used: ${place === '' ? '' : `${place}: `}${problem}; give at least one rule, counts from 1 on`,
  );
}

/** A name, or a glob over names, in its normal form. @throws bad-name */
export function checkPattern(text: string): string {
  const pattern = text.normalize('NFC');
  if (isName(pattern)) return pattern;
  if (/[*?[{(]/.test(pattern) && pattern.length <= PATTERN_MAX_CHARACTERS) return pattern;
  throw new StoreError(
    'bad-name',
    `"${text}" is neither a name nor a pattern of names: use letters, digits, ".", "_" and "-", and "*" for any characters`,
    { reference: text },
  );
}

/** All policies, those that come first for a name first. */
export function inPrecedence(policies: Readonly<Record<string, Policy>>): readonly StoredPolicy[] {
  return Object.entries(policies)
    .map(([pattern, policy]) => ({ pattern, policy }))
    .sort(
      (a, b) =>
        Number(isName(b.pattern)) - Number(isName(a.pattern)) ||
        (isName(a.pattern) ? 0 : b.pattern.length - a.pattern.length) ||
        (a.pattern < b.pattern ? -1 : 1),
    );
}

/** @throws unsupported-feature when the policy has rules that this version does not know */
export function requireKnownRules({ pattern, policy }: StoredPolicy): void {
  const [unknown] = unknownRules(policy as Policy);
  if (unknown === undefined) return;
  throw new StoreError(
    'unsupported-feature',
    `Policy "${pattern}" has the rule "${unknown}", which this version does not know: use a newer doppel, or give --keep options`,
  );
}
