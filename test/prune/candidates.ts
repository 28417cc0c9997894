/** Images of one name for tests of the plan: nothing but their times and what is said about them. */
import type { RetentionPolicy } from '../../src/interface.js';
import { type Candidate, planRetention } from '../../src/prune/plan-retention.js';

export const HOUR_MS = 3600 * 1000;
export const DAY_MS = 24 * HOUR_MS;

export function at(time: string): number {
  return new Date(`${time.replace(' ', 'T')}${time.includes(' ') ? 'Z' : ''}`).getTime();
}

export function candidate(
  createdMs: number,
  more: Partial<Candidate['image']> & { readonly appearedMs?: number } = {},
): Candidate {
  const { appearedMs, ...words } = more;
  return {
    image: { created: new Date(createdMs), tags: [], labels: {}, protected: false, ...words },
    appearedMs,
  };
}

/** Places of the images that stay. */
export function kept(
  times: readonly (number | Candidate)[],
  policy: RetentionPolicy,
  nowMs = at('2026-11-23'),
): number[] {
  const candidates = times.map((time) => (typeof time === 'number' ? candidate(time) : time));
  const judged = planRetention(candidates, policy, nowMs);
  return [...judged.keys()].filter((i) => judged[i]!.rules.length > 0);
}
