/**
 * Which images of one name a policy keeps, and by which rules: values in, values out.
 *
 * In doubt an image stays. One whose time is not trusted takes nobody's place, and stays as long as it would at any of the
 * moments that it may be from; so whatever single clocks did, what would stay with right clocks stays, as long as the
 * times that are trusted are right.
 */
import type { Image, RetentionPolicy } from '../interface.js';
import { CALENDAR, CALENDAR_RULES } from './calendar.js';
import { appearedTimes, type EffectiveTime, effectiveTimes, type RecordedTime } from './effective-times.js';

/** A live image, and when the place says that its manifest appeared. */
export interface Candidate {
  readonly image: Pick<Image, 'created' | 'tags' | 'labels' | 'protected'>;
  readonly appearedMs: number | undefined;
}

export interface Judgement {
  /** Empty: the image goes. */
  readonly rules: readonly string[];
  readonly time: EffectiveTime;
}

/**
 * @param candidates all live images of the name that are judged together, in their order
 * @param isOrderDoubted the order is what a machine says that may only write: the place's own is the second witness
 */
export function planRetention(
  candidates: readonly Candidate[],
  policy: RetentionPolicy,
  nowMs: number,
  { isOrderDoubted = false } = {},
): readonly Judgement[] {
  const recorded = candidates.map(({ image, appearedMs }) => ({
    createdMs: image.created.getTime(),
    appearedMs,
  }));
  const times = effectiveTimes(recorded, nowMs);
  const rules: string[][] = candidates.map(() => []);
  rules.at(-1)?.push('newest');
  for (const [i, { image }] of candidates.entries()) {
    if (image.protected) rules[i]!.push('protected');
    // The order needs no clock.
    if (candidates.length - i <= (policy.last ?? 0)) rules[i]!.push('last');
  }
  if (policy.withinMs !== undefined) mark(rules, 'within', keptWithin(times, policy.withinMs));
  // A clock that stands still puts many days into one. The place's clock is the second witness: an image goes when it
  // would by either. (By `within` such a clock only keeps more.)
  const appeared = [...candidates.keys()];
  if (isOrderDoubted) appeared.sort((a, b) => appearedMs(recorded, a) - appearedMs(recorded, b) || a - b);
  const seconded = appearedTimes(
    appeared.map((i) => recorded[i]!),
    nowMs,
  );
  for (const rule of CALENDAR_RULES) {
    const count = policy[rule] ?? 0;
    const kept = [...keptByCalendar(times, CALENDAR[rule], count)];
    const also = seconded === undefined ? [] : keptByCalendar(seconded, CALENDAR[rule], count);
    for (const [rank, isKept] of also.entries()) if (isKept) kept[appeared[rank]!] = true;
    mark(rules, rule, kept);
  }
  for (const [i, { image }] of candidates.entries()) rules[i]!.push(...wordsThatKeep(image, policy));
  return candidates.map((_, i) => ({ rules: rules[i]!, time: times[i]! }));
}

function appearedMs(recorded: readonly RecordedTime[], i: number): number {
  return recorded[i]!.appearedMs ?? Number.NEGATIVE_INFINITY;
}

function mark(rules: readonly string[][], rule: string, kept: readonly boolean[]): void {
  for (const [i, isKept] of kept.entries()) if (isKept) rules[i]!.push(rule);
}

/** Measured from the newest image: a machine that is captured no more keeps its last ones. */
function keptWithin(times: readonly EffectiveTime[], withinMs: number): readonly boolean[] {
  const newestMs = times.findLast(({ isTrusted }) => isTrusted)?.latestMs ?? Number.NEGATIVE_INFINITY;
  return times.map(({ latestMs }) => latestMs >= newestMs - withinMs);
}

/** The newest image of each of the last `count` hours, days, … that have a trusted one. */
function keptByCalendar(
  times: readonly EffectiveTime[],
  periodOf: (ms: number) => number,
  count: number,
): readonly boolean[] {
  const kept: boolean[] = new Array(times.length).fill(false);
  let periods = 0;
  /** That of the next trusted image. */
  let period: number | undefined;
  for (let i = times.length - 1; i >= 0; i--) {
    const { isTrusted, earliestMs } = times[i]!;
    const own = earliestMs === Number.NEGATIVE_INFINITY ? undefined : periodOf(earliestMs);
    const isNewestOfItsOwn = period === undefined || own !== period;
    if (!isTrusted) {
      // It may be from the period of the trusted image before it, or from any between: then it would be its newest.
      kept[i] = isNewestOfItsOwn && periods < count;
    } else if (isNewestOfItsOwn) {
      period = own;
      periods++;
      kept[i] = periods <= count;
    }
  }
  return kept;
}

function wordsThatKeep(image: Candidate['image'], { tags = [], labels = {} }: RetentionPolicy): string[] {
  return [
    ...tags.filter((tag) => image.tags.includes(tag)).map((tag) => `tag ${tag}`),
    ...Object.entries(labels)
      .filter(([key, value]) => Object.hasOwn(image.labels, key) && image.labels[key] === value)
      .map(([key, value]) => `label ${key}=${value}`),
  ];
}
