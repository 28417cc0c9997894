/**
 * Retention policies as the config keeps them (SPEC.md, "Retention"): pattern of names -> rules that keep images. A policy
 * may have rules that a reader does not know; they are kept, and whoever does not know all of a policy's rules prunes
 * nothing by it, since it would remove what they keep.
 */
import * as v from 'valibot';
import { CountSchema, LabelKeySchema, LabelsSchema, mapOf, NameSchema } from './names.js';

export const POLICIES_MAX = 1_024;
const POLICY_TAGS_MAX = 1_024;

const PositiveCountSchema = v.pipe(CountSchema, v.minValue(1));

const rules = {
  // How many of the newest images; of the newest in each of the last hours, days, … that have one.
  last: v.exactOptional(PositiveCountSchema),
  hourly: v.exactOptional(PositiveCountSchema),
  daily: v.exactOptional(PositiveCountSchema),
  weekly: v.exactOptional(PositiveCountSchema),
  monthly: v.exactOptional(PositiveCountSchema),
  yearly: v.exactOptional(PositiveCountSchema),
  withinMs: v.exactOptional(PositiveCountSchema),
  // Any one of them keeps an image.
  tags: v.exactOptional(v.pipe(v.array(NameSchema), v.minLength(1), v.maxLength(POLICY_TAGS_MAX))),
  labels: v.exactOptional(
    v.pipe(
      LabelsSchema,
      v.check((labels) => hasFields(labels), 'expected a label'),
    ),
  ),
};
const PolicyObject = v.object(rules);

export type Policy = v.InferOutput<typeof PolicyObject>;
export const PolicySchema: v.GenericSchema<unknown, Policy> = v.pipe(
  v.looseObject(rules),
  v.check((policy) => hasFields(policy), 'expected a rule that keeps images'),
);

/** Rules of a policy that this version does not know. */
export function unknownRules(policy: Policy): readonly string[] {
  return Object.keys(policy).filter((field) => !Object.hasOwn(rules, field));
}

/** Pattern -> policy. */
export const PoliciesSchema: v.GenericSchema<Record<string, Policy>> = v.pipe(
  mapOf(LabelKeySchema, PolicySchema),
  v.check(
    (policies) => Object.keys(policies).length <= POLICIES_MAX,
    `expected at most ${POLICIES_MAX} policies`,
  ),
);

function hasFields(value: object): boolean {
  return Object.keys(value).length > 0;
}
