/** How a store fares, as doctor and stats show it. */
import type { Health } from '../src/index.js';
import { countOf, formatBytes, formatTime } from './format.js';

/** More than this many days without a check are worth a word. */
const LONG_UNCHECKED_DAYS = 30;

export function healthFields({
  scrub,
  damagedPacks,
  damagedBytes,
  lost,
  growth,
  packs,
}: Health): [string, string | undefined][] {
  return [
    ['last scrub', lastScrub(scrub, packs)],
    ['unverified', unverified(scrub)],
    [
      'damaged',
      damagedPacks > 0 ? `${countOf(damagedPacks, 'pack')}, ${formatBytes(damagedBytes)}` : undefined,
    ],
    [
      'lost',
      lost.entries > 0
        ? `${formatBytes(lost.bytes)} in ${countOf(lost.ranges.length, 'range')} of images`
        : undefined,
    ],
    [
      'growth',
      `${formatBytes(growth.lastWeekBytes)} last week, ${formatBytes(growth.weeklyBytes)} a week on average`,
    ],
  ];
}

function lastScrub({ lastStarted, allCheckedSince }: Health['scrub'], packs: number): string {
  if (lastStarted === undefined)
    return packs === 0 ? 'no packs yet' : 'never: "doppel scrub" checks what is stored';
  const all = allCheckedSince === undefined ? '' : `; all was checked since ${formatTime(allCheckedSince)}`;
  return `${formatTime(lastStarted)}${all}`;
}

function unverified({
  neverCheckedPacks,
  neverCheckedBytes,
  unchecked,
}: Health['scrub']): string | undefined {
  const never =
    neverCheckedPacks > 0
      ? `${formatBytes(neverCheckedBytes)} in ${countOf(neverCheckedPacks, 'pack')} never checked`
      : undefined;
  const long = unchecked.find(({ days }) => days === LONG_UNCHECKED_DAYS);
  const old = long && long.bytes > 0 ? `${formatBytes(long.bytes)} not for ${long.days} days` : undefined;
  return [never, old].filter((part) => part !== undefined).join(', ') || undefined;
}
