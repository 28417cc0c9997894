/** The `--keep-…` options that prune and policy share, and how a policy reads to people. */
import { type Command, InvalidArgumentError } from 'commander';
import type { RetentionPolicy } from '../src/index.js';
import { collectLabel, integerBetween, type Labels, parseDuration } from './option-values.js';

/** More images of a name than anybody has. */
const MAX_COUNT = 1_000_000;

export interface KeepOptions {
  readonly keepLast?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly keepWithin?: number;
  readonly keepTag?: readonly string[];
  readonly keepLabel?: Labels;
}

export function addKeepOptions(command: Command): Command {
  const count = integerBetween(1, MAX_COUNT);
  return command
    .option('--keep-last <n>', 'keep the newest n images of a name', count)
    .option('--keep-hourly <n>', 'keep the newest image of each of the last n hours that have one', count)
    .option('--keep-daily <n>', 'the same of days', count)
    .option('--keep-weekly <n>', 'the same of weeks, which begin on Monday', count)
    .option('--keep-monthly <n>', 'the same of months', count)
    .option('--keep-yearly <n>', 'the same of years', count)
    .option(
      '--keep-within <duration>',
      'keep images so much older than the newest of their name, such as 36h or 30d',
      parseAge,
    )
    .option('--keep-tag <tag>', 'keep images with this tag; may be repeated', collectTag)
    .option('--keep-label <key=value>', 'keep images with this label; may be repeated', collectOtherLabel);
}

export const KEEP_RULES_HELP = `
What any rule keeps stays; so do protected images and the newest image of each name. Hours, days, weeks, months and
years are those of UTC. An image whose clock was wrong, which the order of the images tells, takes no other's place.`;

/** Undefined when none of the options was given. */
export function policyFrom(options: KeepOptions): RetentionPolicy | undefined {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = options;
  const policy: RetentionPolicy = {
    ...(keepLast !== undefined && { last: keepLast }),
    ...(keepHourly !== undefined && { hourly: keepHourly }),
    ...(keepDaily !== undefined && { daily: keepDaily }),
    ...(keepWeekly !== undefined && { weekly: keepWeekly }),
    ...(keepMonthly !== undefined && { monthly: keepMonthly }),
    ...(keepYearly !== undefined && { yearly: keepYearly }),
    ...(options.keepWithin !== undefined && { withinMs: options.keepWithin }),
    ...(options.keepTag && { tags: options.keepTag }),
    ...(options.keepLabel && { labels: options.keepLabel }),
  };
  return Object.keys(policy).length === 0 ? undefined : policy;
}

/** "last 7, daily 14, within 30d, tag golden, label site=berlin" */
export function policyText({ withinMs, tags = [], labels = {}, ...rules }: RetentionPolicy): string {
  return [
    ...Object.entries(rules).map(([rule, value]) => `${rule} ${typeof value === 'number' ? value : '?'}`),
    ...(withinMs === undefined ? [] : [`within ${ageText(withinMs)}`]),
    ...tags.map((tag) => `tag ${tag}`),
    ...Object.entries(labels).map(([key, value]) => `label ${key}=${value}`),
  ].join(', ');
}

/** As --keep-within takes it. */
function ageText(ms: number): string {
  const [unit, unitMs] = AGE_UNITS.find(([, length]) => ms % length === 0) ?? ['s', 1000];
  return `${Math.ceil(ms / unitMs)}${unit}`;
}

const AGE_UNITS = [
  ['d', 24 * 3600 * 1000],
  ['h', 3600 * 1000],
  ['m', 60 * 1000],
] as const;

function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InvalidArgumentError('Give a duration such as 36h or 30d.');
  return ms;
}

function collectTag(tag: string, tags: readonly string[] = []): readonly string[] {
  return [...tags, tag.normalize('NFC')];
}

function collectOtherLabel(text: string, labels: Labels = {}): Labels {
  const all = collectLabel(text, labels);
  if (Object.keys(all).length > Object.keys(labels).length) return all;
  throw new InvalidArgumentError('A key may be given once.');
}
