/**
 * Hours, days, weeks, months and years as numbers that count up, of UTC: the same images stay whoever prunes, in
 * whatever zone, and no hour comes twice or not at all where clocks change for summer.
 */
const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** 1970 began on a Thursday; weeks begin on Mondays (ISO 8601). */
const DAYS_FROM_MONDAY = 3;

export const CALENDAR = {
  hourly: (ms) => Math.floor(ms / HOUR_MS),
  daily: (ms) => Math.floor(ms / DAY_MS),
  weekly: (ms) => Math.floor((Math.floor(ms / DAY_MS) + DAYS_FROM_MONDAY) / 7),
  monthly: (ms) => 12 * new Date(ms).getUTCFullYear() + new Date(ms).getUTCMonth(),
  yearly: (ms) => new Date(ms).getUTCFullYear(),
} as const satisfies Record<string, (ms: number) => number>;

export type CalendarRule = keyof typeof CALENDAR;
export const CALENDAR_RULES = Object.keys(CALENDAR) as readonly CalendarRule[];
