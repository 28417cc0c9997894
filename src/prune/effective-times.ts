/**
 * When the images of one name were captured, as far as that can be known (SPEC.md, "Retention"). Each says what the clock
 * of its machine said, and clocks are wrong at times: dead batteries wake up in 1970, others run years ahead. What is sure is
 * the order of the images. So a time counts only where it is plausible and fits the order; any other image may be from any
 * moment between the trusted ones around it, and rules must not let it take the place of one of them.
 */
import { undisputed } from './undisputed.js';

/** The images of a name, in their order. */
export interface RecordedTime {
  /** What the machine that captured it said. */
  readonly createdMs: number;
  /** When the object appeared, as the place that holds the store says. Late in a store that was copied without times. */
  readonly appearedMs: number | undefined;
}

export interface EffectiveTime {
  readonly isTrusted: boolean;
  /** Equal where the time is trusted. */
  readonly earliestMs: number;
  readonly latestMs: number;
}

const DAY_MS = 24 * 3600 * 1000;

/** A clock that takes local time for UTC is this far off at most; more than that ahead is no time at all. */
const LEAD_MS = DAY_MS;

/** Years before the first doppel. Where clocks without a battery begin: 1970, 1980, 2000, the year of the firmware. */
export const FIRST_PLAUSIBLE_MS = Date.UTC(2020);

export function effectiveTimes(images: readonly RecordedTime[], nowMs: number): readonly EffectiveTime[] {
  const readings = images.map((image) => readingOf(image, nowMs));
  const plausible = [...readings.keys()].filter((i) => readings[i] !== undefined);
  const fits = undisputed(plausible.map((i) => readings[i]!));
  const trusted = new Set(plausible.filter((_, rank) => fits[rank]));
  const latest: number[] = new Array(images.length);
  let next: number | undefined;
  for (let i = images.length - 1; i >= 0; i--) {
    if (trusted.has(i)) next = readings[i];
    latest[i] = next ?? nowMs;
  }
  let earliestMs = Number.NEGATIVE_INFINITY;
  return images.map((_, i) => {
    const isTrusted = trusted.has(i);
    if (isTrusted) earliestMs = readings[i]!;
    return { isTrusted, earliestMs, latestMs: Math.max(latest[i]!, earliestMs) };
  });
}

/** No image is newer than now, or than its own object. Undefined where the clock was certainly wrong. */
function readingOf({ createdMs, appearedMs }: RecordedTime, nowMs: number): number | undefined {
  const latestMs = Math.min(nowMs, appearedMs !== undefined && isPlausible(appearedMs) ? appearedMs : nowMs);
  if (!isPlausible(createdMs) || createdMs > latestMs + LEAD_MS) return undefined;
  return Math.min(createdMs, latestMs);
}

/**
 * The place's times, where they may be true: known of all images, plausible, and in their order. A copy of a store
 * that lost its times has them in the order of the copying, which is another.
 */
export function appearedTimes(
  images: readonly RecordedTime[],
  nowMs: number,
): readonly EffectiveTime[] | undefined {
  let before = FIRST_PLAUSIBLE_MS;
  const times: EffectiveTime[] = [];
  for (const { appearedMs } of images) {
    if (appearedMs === undefined || !(appearedMs >= before) || appearedMs > nowMs + LEAD_MS) return undefined;
    before = appearedMs;
    times.push({ isTrusted: true, earliestMs: appearedMs, latestMs: appearedMs });
  }
  return times;
}

function isPlausible(ms: number): boolean {
  return ms >= FIRST_PLAUSIBLE_MS;
}
