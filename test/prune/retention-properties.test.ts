/** Random images and clocks against a naive restatement of the rules, and what holds of any of them. */
import test from 'ava';
import fc from 'fast-check';
import type { RetentionPolicy } from '../../src/interface.js';
import { planRetention } from '../../src/prune/plan-retention.js';
import { undisputed } from '../../src/prune/undisputed.js';
import { holds } from '../format/oracle.js';
import { at, candidate, DAY_MS, HOUR_MS, kept } from './candidates.js';

const BEGIN = at('2026-02-20');
const NOW = at('2027-01-01');
const CALENDAR = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** The period as text: of a week, its Monday. */
function periodOf(rule: (typeof CALENDAR)[number], ms: number): string {
  const monday = new Date(ms);
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7));
  const text = (rule === 'weekly' ? monday : new Date(ms)).toISOString();
  return text.slice(0, { hourly: 13, daily: 10, weekly: 10, monthly: 7, yearly: 4 }[rule]);
}

/** Which of some times, in the order of the images, stay: the rules as people say them. */
function naive(times: readonly number[], policy: RetentionPolicy): boolean[] {
  return times.map((time, i) => {
    const later = times.slice(i + 1);
    return (
      i >= times.length - Math.max(1, policy.last ?? 0) ||
      (policy.withinMs !== undefined && time >= times.at(-1)! - policy.withinMs) ||
      CALENDAR.some((rule) => {
        const periods = new Set(later.map((other) => periodOf(rule, other)));
        return !periods.has(periodOf(rule, time)) && periods.size < (policy[rule] ?? 0);
      })
    );
  });
}

/** Every longest subsequence that never falls, by trying all. */
function naiveUndisputed(values: readonly number[]): boolean[] {
  let longest: number[][] = [];
  for (let set = 0; set < 2 ** values.length; set++) {
    const chosen = [...values.keys()].filter((i) => (set >> i) & 1);
    if (chosen.some((i, rank) => rank > 0 && values[i]! < values[chosen[rank - 1]!]!)) continue;
    if (chosen.length > (longest[0]?.length ?? 0)) longest = [];
    if (chosen.length >= (longest[0]?.length ?? 0)) longest.push(chosen);
  }
  return values.map((_, i) => longest.every((chosen) => chosen.includes(i)));
}

/** An image that is not trusted stays if it would at any hour that it may be from, among trusted ones alone. */
function naiveWithDoubts(times: readonly number[], policy: RetentionPolicy): boolean[] {
  const isSane = times.map((time) => time >= at('2020-01-01') && time <= NOW + DAY_MS);
  const sane = [...times.keys()].filter((i) => isSane[i]);
  const fits = naiveUndisputed(sane.map((i) => times[i]!));
  const trusted = sane.filter((_, rank) => fits[rank]);
  return times.map((_, i) => {
    if (i >= times.length - Math.max(1, policy.last ?? 0)) return true;
    const rules = { ...policy };
    delete rules.last;
    const before = trusted.filter((j) => j < i).map((j) => times[j]!);
    const after = trusted.filter((j) => j > i).map((j) => times[j]!);
    const latest = trusted.includes(i) ? times[i]! : (after[0] ?? NOW);
    const earliest = trusted.includes(i) ? latest : (before.at(-1) ?? latest - 800 * DAY_MS);
    const steps = Math.min(500, Math.ceil((latest - earliest) / HOUR_MS));
    return Array.from(
      { length: steps + 1 },
      (_, step) => latest - (step * (latest - earliest)) / (steps || 1),
    ).some((time) => {
      // The newest that is trusted stays for being trusted last, which is no rule here.
      const stays = naive([...before, time, ...after], rules)[before.length]!;
      const isLast = after.length === 0;
      const byRule = isLast && CALENDAR.every((rule) => !rules[rule]) && rules.withinMs === undefined;
      return stays && !byRule;
    });
  });
}

const hours = (most: number) => fc.nat(most).map((n) => BEGIN + n * HOUR_MS);
const rightTimes = fc
  .array(hours(24 * 100), { minLength: 1, maxLength: 30 })
  .map((times) => times.sort((a, b) => a - b));
const count = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const policies = fc
  .record({
    ...{ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count },
    withinMs: fc.option(
      fc.integer({ min: 1, max: 24 * 40 }).map((n) => n * HOUR_MS),
      { nil: undefined },
    ),
  })
  .map((policy): RetentionPolicy => JSON.parse(JSON.stringify(policy)));
const wrongTimes = fc.constantFrom(0, 5000, at('2000-01-01'), NOW + 2 * DAY_MS, at('2099-05-05'), 9e15);

const placesOf = (flags: readonly boolean[]) => [...flags.keys()].filter((i) => flags[i]);

test('undisputed values are those of every longest subsequence that never falls', (t) => {
  const values = fc.array(fc.nat(9), { maxLength: 9 });
  holds(
    t,
    fc.property(values, (list) => void t.deepEqual(undisputed(list), naiveUndisputed(list))),
  );
});

test('with right clocks, the rules are the plain ones', (t) => {
  const property = fc.property(rightTimes, policies, (times, policy) => {
    t.deepEqual(kept(times, policy, NOW), placesOf(naive(times, policy)), JSON.stringify({ times, policy }));
  });
  holds(t, property, 1000);
});

test('with wrong clocks, what may stay stays, and takes nobody’s place', (t) => {
  const times = fc.array(fc.oneof({ weight: 4, arbitrary: hours(24 * 12) }, wrongTimes), {
    minLength: 1,
    maxLength: 7,
  });
  const property = fc.property(times, policies, (list, policy) => {
    t.deepEqual(
      kept(list, policy, NOW),
      placesOf(naiveWithDoubts(list, policy)),
      JSON.stringify({ list, policy }),
    );
  });
  holds(t, property, 300);
});

test('clocks that are certainly wrong, however many, remove nothing that right ones would keep', (t) => {
  const faults = fc.array(fc.option(wrongTimes, { nil: undefined }), { maxLength: 30 });
  const property = fc.property(rightTimes, faults, policies, (right, wrong, policy) => {
    const now = kept(
      right.map((time, i) => wrong[i] ?? time),
      policy,
      NOW,
    );
    for (const i of kept(right, policy, NOW))
      t.true(now.includes(i), JSON.stringify({ right, wrong, policy, i }));
  });
  holds(t, property, 1000);
});

test('one wrong clock that contradicts the order removes nothing that right ones would keep', (t) => {
  const property = fc.property(
    rightTimes,
    fc.nat(),
    hours(24 * 100),
    policies,
    (right, place, wrong, policy) => {
      const faulty = place % right.length;
      fc.pre(wrong < (right[faulty - 1] ?? 0) || wrong > (right[faulty + 1] ?? Number.POSITIVE_INFINITY));
      const now = kept(right.with(faulty, wrong), policy, NOW);
      for (const i of kept(right, policy, NOW))
        t.true(now.includes(i), JSON.stringify({ right, faulty, wrong, policy, i }));
    },
  );
  holds(t, property, 1000);
});

test('whatever the clocks said: the newest stays, rules add up, and another rule or witness never removes', (t) => {
  const image = fc
    .record({
      created: fc.oneof(hours(2400), wrongTimes),
      appearedMs: fc.option(hours(2400), { nil: undefined }),
      protected: fc.boolean(),
    })
    .map(({ created, appearedMs, ...rest }) =>
      candidate(created, { ...rest, ...(appearedMs !== undefined && { appearedMs }) }),
    );
  const property = fc.property(
    fc.array(image, { minLength: 1, maxLength: 12 }),
    policies,
    (images, policy) => {
      const all = kept(images, policy, NOW);
      t.true(all.includes(images.length - 1));
      const single = Object.entries(policy).flatMap(([rule, value]) => kept(images, { [rule]: value }, NOW));
      const always = kept(images, {}, NOW);
      t.deepEqual(
        all,
        [...new Set([...single, ...always])].sort((a, b) => a - b),
      );
      for (const [i, { rules, time }] of planRetention(images, policy, NOW).entries()) {
        t.is(rules.includes('protected'), images[i]!.image.protected);
        t.true(time.earliestMs <= time.latestMs && time.latestMs <= NOW);
        t.true(!time.isTrusted || time.earliestMs === time.latestMs);
      }
    },
  );
  holds(t, property, 500);
});

test('with right clocks, pruning again removes nothing', (t) => {
  const property = fc.property(rightTimes, policies, (times, policy) => {
    const stay = kept(times, policy, NOW).map((i) => times[i]!);
    t.is(kept(stay, policy, NOW).length, stay.length);
  });
  holds(t, property);
});
