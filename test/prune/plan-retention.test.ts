/** What each rule keeps, and what wrong clocks do to it. */
import test from 'ava';
import { planRetention } from '../../src/prune/plan-retention.js';
import { at, candidate, DAY_MS, HOUR_MS, kept } from './candidates.js';

const NOW = at('2026-11-23');
const FUTURE = at('2099-01-01');

/** One image at noon of each of so many days, the last of them on 10 November. */
function daily(count: number): number[] {
  return Array.from({ length: count }, (_, i) => at('2026-11-10 12:00') - (count - 1 - i) * DAY_MS);
}

test('last: the newest by the order, whatever their times say', (t) => {
  t.deepEqual(kept(daily(5), { last: 2 }), [3, 4]);
  t.deepEqual(kept([FUTURE, 0, at('2026-01-02'), at('2026-01-01')], { last: 2 }), [2, 3]);
  t.deepEqual(kept(daily(2), { last: 7 }), [0, 1]);
});

test('calendar: the newest image of each of the last periods that have one', (t) => {
  const times = [
    '2024-12-30',
    '2025-12-28',
    '2026-01-01',
    '2026-01-31',
    '2026-03-01 01:10',
    '2026-03-01 01:50',
  ];
  const ms = times.map(at);
  t.deepEqual(kept(ms, { hourly: 2 }), [3, 5]);
  t.deepEqual(kept(ms, { daily: 2 }), [3, 5]);
  t.deepEqual(kept(ms, { monthly: 2 }), [3, 5], 'no image was made in February');
  t.deepEqual(kept(ms, { monthly: 3 }), [1, 3, 5]);
  t.deepEqual(kept(ms, { yearly: 3 }), [0, 1, 5]);
});

test('weeks begin on Mondays', (t) => {
  const sunday = at('2026-11-01 23:59');
  const monday = at('2026-11-02 00:00');
  t.deepEqual(kept([sunday, monday], { weekly: 2 }), [0, 1]);
  t.deepEqual(kept([monday, sunday + 7 * DAY_MS], { weekly: 2 }), [1]);
  t.deepEqual(
    kept([at('2025-12-29 00:00'), at('2026-01-04 23:00')], { weekly: 2 }),
    [1],
    'a week of two years',
  );
});

test('days are those of UTC, where clocks change for summer too', (t) => {
  const zone = process.env.TZ;
  t.teardown(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  // 25 October 2026 has 25 hours in Berlin: 02:30 comes twice.
  const times = [
    '2026-10-24 21:59',
    '2026-10-24 22:01',
    '2026-10-25 00:30',
    '2026-10-25 01:30',
    '2026-10-25 23:30',
  ];
  for (const name of ['UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Pacific/Auckland']) {
    process.env.TZ = name;
    t.deepEqual(kept(times.map(at), { daily: 7 }), [1, 4], name);
    t.deepEqual(kept(times.map(at), { hourly: 9 }), [0, 1, 2, 3, 4], name);
  }
});

test('within: measured from the newest image of the name, not from now', (t) => {
  const times = daily(5);
  t.deepEqual(kept(times, { withinMs: 2 * DAY_MS }), [2, 3, 4]);
  t.deepEqual(kept(times, { withinMs: 2 * DAY_MS }, at('2036-01-01')), [2, 3, 4]);
  t.deepEqual(kept(times, { withinMs: 2 * DAY_MS - 1 }), [3, 4]);
});

test('tags, labels and protection keep, and rules add up', (t) => {
  const [first, second, third, fourth, fifth] = daily(5) as [number, number, number, number, number];
  const candidates = [
    candidate(first, { tags: ['stable', 'x'] }),
    candidate(second, { labels: { site: 'berlin', rack: '7' } }),
    candidate(third, { protected: true }),
    candidate(fourth, { labels: { site: 'bonn' } }),
    candidate(fifth),
  ];
  const policy = { tags: ['stable', 'none'], labels: { site: 'berlin', constructor: '' }, last: 1, daily: 1 };
  const judged = planRetention(candidates, policy, NOW);
  t.deepEqual(
    judged.map(({ rules }) => rules),
    [['tag stable'], ['label site=berlin'], ['protected'], [], ['newest', 'last', 'daily']],
  );
});

test('the newest stays even if no rule keeps it', (t) => {
  t.deepEqual(kept(daily(3), { tags: ['none'] }), [2]);
  t.deepEqual(kept([], { last: 1 }), []);
});

test('images of the same moment stand in their order', (t) => {
  const moment = at('2026-11-10 12:00');
  t.deepEqual(kept([moment, moment, moment], { hourly: 5 }), [2]);
  t.deepEqual(kept([moment, moment, moment], { last: 2 }), [1, 2]);
});

for (const [what, wrong] of [
  ['in 1970', 0],
  ['in 2000', at('2000-01-01')],
  ['in 2099', FUTURE],
  ['beyond all dates', 9e15],
  ['three days early', at('2026-11-03 12:00')],
] as const) {
  test(`a clock that is ${what} for one capture removes no image but perhaps its own`, (t) => {
    const right = daily(10);
    for (const policy of [
      { daily: 4 },
      { weekly: 2 },
      { hourly: 3 },
      { withinMs: 3 * DAY_MS },
      { last: 3 },
    ]) {
      for (const faulty of right.keys()) {
        if (right[faulty]! <= wrong && wrong <= (right[faulty + 1] ?? NOW)) continue; // not to be seen
        if ((right[faulty - 1] ?? 0) <= wrong && wrong <= right[faulty]!) continue;
        const now = kept(right.with(faulty, wrong), policy);
        for (const i of kept(right, policy))
          t.true(now.includes(i), `${JSON.stringify(policy)} ${faulty} ${i}`);
      }
    }
  });
}

test('a clock that was in 2099 for ten days, then right again, loses none of them', (t) => {
  const right = daily(11);
  const times = right.map((time, i) => (i < 10 ? FUTURE + i * DAY_MS : time));
  for (const policy of [{ daily: 7 }, { withinMs: 5 * DAY_MS }, { weekly: 2 }]) {
    const now = kept(times, policy);
    for (const i of kept(right, policy)) t.true(now.includes(i), `${JSON.stringify(policy)} ${i}`);
  }
});

test('what was kept in doubt goes once enough other images are newer', (t) => {
  const times = [FUTURE, ...daily(7)];
  t.true(kept(times.slice(0, 7), { daily: 7 }).includes(0));
  t.false(kept(times, { daily: 7 }).includes(0));
});

test('a last capture in the future does not make the others old', (t) => {
  const times = daily(5).with(4, FUTURE);
  t.deepEqual(kept(times, { withinMs: 2 * DAY_MS }, at('2030-01-01')), [1, 2, 3, 4]);
});

test('where all clocks stand still, the times of the place count', (t) => {
  const days = daily(10);
  const still = days.map((appearedMs, i) => candidate(at('2021-01-01') + i, { appearedMs }));
  t.deepEqual(kept(still, { daily: 3 }), [7, 8, 9]);
  const copied = still.map(({ image }, i) => ({ image, appearedMs: NOW - 1000 + (i % 3) }));
  t.deepEqual(kept(copied, { daily: 3 }), [9], 'copied without times: nobody knows');
});

test('where all clocks are in 1970 and nobody knows better, rules about time keep everything', (t) => {
  const times = Array.from({ length: 10 }, (_, i) => 1000 * i);
  t.is(kept(times, { daily: 3 }).length, 10);
  t.deepEqual(kept(times, { last: 3 }), [7, 8, 9]);
});

test('a store copied without its times is pruned by those of the machines', (t) => {
  const copied = daily(10).map((time, i) => candidate(time, { appearedMs: NOW - ((7 * i) % 10) }));
  t.deepEqual(kept(copied, { daily: 3 }), [7, 8, 9]);
  const inOrder = daily(10).map((time, i) => candidate(time, { appearedMs: NOW - 10 + i }));
  t.deepEqual(kept(inOrder, { daily: 3, withinMs: DAY_MS }), [7, 8, 9]);
});

test('the place corrects a clock that is some hours ahead', (t) => {
  const ahead = daily(3).map((appearedMs) => candidate(appearedMs + 13 * HOUR_MS, { appearedMs }));
  const judged = planRetention(ahead, { daily: 2 }, NOW);
  t.deepEqual(
    judged.map(({ time }) => [time.isTrusted, time.latestMs]),
    daily(3).map((time) => [true, time]),
  );
});

test('whoever prunes with a clock in the past removes nothing by time', (t) => {
  t.is(kept(daily(10), { daily: 1, withinMs: 1 }, 1000).length, 10);
});

test('two machines under one name, one of them two weeks behind', (t) => {
  const right = daily(10);
  const times = right.map((time, i) => (i % 2 === 0 ? time : time - 14 * DAY_MS));
  const now = kept(times, { daily: 4 });
  for (const i of kept(right, { daily: 4 })) t.true(now.includes(i), String(i));
});
