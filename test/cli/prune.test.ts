/** `doppel prune` and `doppel policy`, by the built program: what they print, take, refuse and leave alone. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Image, PruneResult, StoredPolicy } from '../../src/index.js';
import { at, DAY_MS } from '../prune/candidates.js';
import { datedStore } from '../prune/dated-store.js';
import { doppel, type Run, temporaryFolder } from './run-doppel.js';
import { json } from './sample-store.js';

interface Place {
  readonly store: readonly string[];
  readonly act: (...words: string[]) => Promise<Run>;
  /** Sequences of the live images of a name. */
  readonly live: (name: string) => Promise<readonly number[]>;
}

const days = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ name, createdMs: at('2026-11-01 12:00') + i * DAY_MS }));

/** Four images of db and five of web, one a day; the third of web from a machine that lived in 2099. */
async function place(t: ExecutionContext): Promise<Place> {
  const web = days('web', 5).with(2, { name: 'web', createdMs: at('2099-01-01 00:00') });
  const { store: made } = await datedStore(t, [...days('db', 4), ...web]);
  const store = ['--store', made.folder];
  return {
    store,
    act: (...words) => doppel([...store, ...words]),
    live: async (name) =>
      (await json<readonly Image[]>(t, [...store, 'ls', name])).map(({ sequence }) => sequence),
  };
}

test('a dry run lists each image with what keeps it; the real run prints the same, and undelete takes it back', async (t) => {
  const { act, live } = await place(t);
  const words = ['prune', 'web', '--keep-daily', '2', '--keep-within', '1d'];
  const dry = await act(...words, '--dry-run');
  t.is(dry.code, 0, dry.stderr);
  const lines = dry.stdout.replaceAll(/\b[0-9a-f]{8}\b/g, 'ID').split('\n');
  t.deepEqual(lines, [
    'NAME  ID        CREATED              KEPT BY',
    'web   ID  2026-11-01 12:00     removed',
    'web   ID  2026-11-02 12:00     removed',
    'web   ID  by 2026-11-04 12:00  within (its clock said 2099-01-01 00:00)',
    'web   ID  2026-11-04 12:00     within, daily',
    'web   ID  2026-11-05 12:00     newest, within, daily',
    '',
    'Dry run, nothing was changed: 2 images would be removed, 3 would stay',
    '',
  ]);
  t.deepEqual(await live('web'), [1, 2, 3, 4, 5]);
  const real = await act(...words);
  t.is(real.code, 0, real.stderr);
  const tableOf = ({ stdout }: Run) => stdout.split('\n').slice(0, 6);
  t.deepEqual(tableOf(real), tableOf(dry));
  t.regex(
    real.stdout,
    /\nRemoved 2 images, kept 3; "doppel undelete" brings each back, until "doppel gc"\n$/,
  );
  t.deepEqual(await live('web'), [3, 4, 5]);
  t.deepEqual(await live('db'), [1, 2, 3, 4]);
  t.is((await act('undelete', 'web')).code, 0);
  t.deepEqual(await live('web'), [2, 3, 4, 5]);
  t.is((await act(...words)).stdout.match(/removed$/gm)?.length, 1);
});

test('policies of the store: set, shown, applied, replaced by options, taken away', async (t) => {
  const { act, store, live } = await place(t);
  const set = await act(
    'policy',
    'set',
    'w*',
    '--keep-last',
    '1',
    '--keep-within',
    '48h',
    '--keep-tag',
    'golden',
  );
  t.is(set.stdout, 'Of "w*" is kept: last 1, within 2d, tag golden\n', set.stderr);
  t.is((await act('tag', 'web~4', 'golden')).code, 0);
  t.is((await act('policy', 'show')).stdout, 'NAMES  KEEP\nw*     last 1, within 2d, tag golden\n');
  t.is((await act('policy', 'show', 'web')).stdout, set.stdout, 'the one that is for a name');
  const run = await act('prune', '--dry-run');
  t.regex(run.stdout, /would be removed, \d would stay\nNo policy, left alone: db\n$/);
  t.regex(run.stdout, /^web .* tag golden$/m);
  const options = await json<PruneResult>(t, [...store, 'prune', '--keep-last', '2', '--dry-run']);
  t.deepEqual([options.removedImages, options.keptImages, options.withoutPolicy], [5, 4, []]);
  t.is((await act('prune')).code, 0);
  t.deepEqual(await live('web'), [1, 3, 4, 5]);
  t.deepEqual(await live('db'), [1, 2, 3, 4]);
  t.is((await act('policy', 'rm', 'w*')).stdout, 'Policy "w*" is gone\n');
  const none = await act('policy', 'show');
  t.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'No policies.\n']);
});

test('the documents of --json', async (t) => {
  const { act, store } = await place(t);
  const stored = await json<StoredPolicy>(t, [
    ...[...store, 'policy', 'set', 'db', '--keep-hourly', '1', '--keep-weekly', '2', '--keep-monthly', '3'],
    ...['--keep-yearly', '4', '--keep-label', 'site=berlin', '--keep-label', 'rack=7'],
  ]);
  t.deepEqual(stored, {
    pattern: 'db',
    policy: { hourly: 1, weekly: 2, monthly: 3, yearly: 4, labels: { site: 'berlin', rack: '7' } },
  });
  t.deepEqual(await json(t, [...store, 'policy', 'show']), [stored]);
  t.deepEqual(await json(t, [...store, 'policy', 'show', 'db']), stored);
  t.is((await act('protect', 'db~3')).code, 0);
  const result = await json<PruneResult>(t, [...store, 'prune', 'd*']);
  t.deepEqual(
    result.images.map(({ image, kept, rules, effective, trusted, policy }) => {
      return [image.sequence, image.removed, kept, rules, String(effective), trusted, policy];
    }),
    [
      // The first of November was a Sunday.
      [1, false, true, ['protected', 'weekly'], '2026-11-01T12:00:00.000Z', true, 'db'],
      [2, true, false, [], '2026-11-02T12:00:00.000Z', true, 'db'],
      [3, true, false, [], '2026-11-03T12:00:00.000Z', true, 'db'],
      [
        4,
        false,
        true,
        ['newest', 'hourly', 'weekly', 'monthly', 'yearly'],
        '2026-11-04T12:00:00.000Z',
        true,
        'db',
      ],
    ],
  );
  t.deepEqual([result.keptImages, result.removedImages, result.dryRun], [2, 2, false]);
  t.deepEqual(await json(t, [...store, 'policy', 'rm', 'db']), stored);
});

test('what makes no sense is refused with its exit code, and nothing is removed', async (t) => {
  const { act, live } = await place(t);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['prune'], 2, /Nothing says which images to keep: give --keep options, or set a policy/],
    [['prune', 'web'], 2, /Nothing says which images to keep/],
    [['prune', '--keep-last', '0'], 2, /Give a whole number from 1/],
    [['prune', '--keep-daily', 'x'], 2, /Give a whole number from 1/],
    [['prune', '--keep-within', '0'], 2, /Give a duration such as 36h or 30d/],
    [['prune', '--keep-within', 'soon'], 2, /Give a duration/],
    [['prune', '--keep-label', 'x'], 2, /key=value/],
    [['prune', '--keep-label', 'a=1', '--keep-label', 'a=2'], 2, /A key may be given once/],
    [['prune', '--keep-tag', 'a b'], 2, /tags/],
    [['prune', 'wbe', '--keep-last', '1'], 4, /no image of a name "wbe"; "doppel ls"/],
    [['policy'], 2, /Usage: doppel policy/],
    [['policy', 'set', 'web'], 2, /A policy needs at least one --keep option/],
    [['policy', 'set', 'a b', '--keep-last', '1'], 2, /neither a name nor a pattern of names/],
    [['policy', 'show', 'web'], 2, /There is no policy "web"/],
    [['policy', 'rm', 'web*'], 2, /There is no policy "web\*"/],
    [['policy', 'rm', 'constructor'], 2, /There is no policy "constructor"/],
  ];
  for (const [words, code, message] of cases) {
    const run = await act(...words);
    t.is(run.code, code, `${words.join(' ')}: ${run.stderr}`);
    t.regex(run.stderr, message);
    t.is(run.stdout, '');
  }
  t.is((await act('policy', 'set', 'db', '--keep-last', '1')).code, 0);
  t.regex((await act('prune', 'web')).stderr, /No policy is for web/);
  t.deepEqual(
    [await live('web'), await live('db')],
    [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4],
    ],
  );
});

test('after a prune gc gives the space back, and what stayed is whole', async (t) => {
  const folder = await temporaryFolder();
  const store = ['--store', join(folder, 'store')];
  t.is((await doppel(['init', join(folder, 'store')])).code, 0);
  let last = Buffer.alloc(0);
  for (let i = 0; i < 3; i++) {
    last = randomBytes(1024 ** 2);
    t.is((await doppel([...store, 'capture', '-', 'web'], { input: last })).code, 0);
  }
  const result = await json<PruneResult>(t, [...store, 'prune', '--keep-daily', '7', '--keep-last', '1']);
  t.is(result.removedImages + result.keptImages, 3);
  t.true(result.removedImages >= 1, 'three captures of one moment are of two days at most');
  const gc = await json<{ purgedImages: number }>(t, [...store, 'gc']);
  t.is(gc.purgedImages, result.removedImages);
  t.is((await doppel([...store, 'verify', '--all'])).code, 0);
  t.is((await doppel([...store, 'restore', 'web', join(folder, 'out')])).code, 0);
});

test('completion offers names and patterns', async (t) => {
  const { act, store } = await place(t);
  const ask = async (...words: string[]) => (await doppel(['__complete', '--', ...store, ...words])).stdout;
  t.is((await act('policy', 'set', 'w*', '--keep-daily', '7')).code, 0);
  t.regex(await ask('prune', 'w'), /^web\t/);
  t.is(await ask('policy', 'rm', ''), 'w*\tdaily 7\n');
  t.regex(await ask('policy', ''), /^set\t.*\nshow\t.*\nrm\t/);
  t.regex(await ask('policy', 'set', 'web', '--keep-y'), /^--keep-yearly\t/);
});
