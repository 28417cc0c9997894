/** Prunes of real stores: what is marked, whom it listens to, and what others do meanwhile. */
import test from 'ava';
import { changeConfig } from '../../src/engine/config-records.js';
import { pinImage } from '../../src/engine/pins.js';
import { systemEnvironment } from '../../src/environment.js';
import { StoreError, type StoreErrorCode } from '../../src/errors.js';
import type { PruneResult } from '../../src/interface.js';
import type { Claim, ObjectStore } from '../../src/objects/object-store.js';
import { readPolicies, readPolicy, removePolicy, setPolicy } from '../../src/prune/policy-records.js';
import { prune } from '../../src/prune/prune.js';
import type { PubId } from '../../store-format/index.js';
import { WrappedStore } from '../simulation/wrapped-store.js';
import { at, DAY_MS } from './candidates.js';
import { datedStore } from './dated-store.js';

const days = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ name, createdMs: at('2026-11-01 12:00') + i * DAY_MS }));

/** name and sequence of those that stay. */
function stay({ images }: PruneResult): string[] {
  return images.filter(({ kept }) => kept).map(({ image }) => `${image.name} ${image.sequence}`);
}

test('what no rule keeps is marked removed, can be undeleted, and is not counted any more', async (t) => {
  const { engine, store } = await datedStore(t, [...days('web', 5), ...days('db', 2)]);
  const policy = { daily: 2 };
  const dry = await prune(engine, { names: ['web'], policy, dryRun: true });
  t.deepEqual(stay(dry), ['web 4', 'web 5']);
  t.true(dry.dryRun);
  t.is((await engine.library.list()).length, 7, 'a dry run changes nothing');
  const result = await prune(engine, { names: ['web'], policy });
  t.deepEqual(stay(result), ['web 4', 'web 5']);
  t.deepEqual([result.keptImages, result.removedImages, result.withoutPolicy], [2, 3, []]);
  t.deepEqual(
    result.images.map(({ image }) => image.removed),
    [true, true, true, false, false],
  );
  t.deepEqual(
    (await engine.library.list({ pattern: 'web' })).map(({ sequence }) => sequence),
    [4, 5],
  );
  t.is((await engine.library.list({ pattern: 'db' })).length, 2);
  const again = await prune(engine, { names: ['web'], policy });
  t.is(again.images.length, 2);
  t.is(again.removedImages, 0);
  const first = result.images[0]!.image;
  t.false((await engine.library.undelete(`@${first.id}`)).removed);
  t.is(
    (await prune(engine, { names: ['web'], policy })).removedImages,
    1,
    'a mark that was taken back, again',
  );
  t.is(store.names('removed').filter((name) => name.startsWith(first.publication)).length, 3);
});

test('stored policies: each name has one, and names without one are left alone', async (t) => {
  const names = ['web', 'web-a', 'web-b', 'db', 'other'];
  const { engine } = await datedStore(
    t,
    names.flatMap((name) => days(name, 4)),
  );
  await setPolicy(engine, 'web*', { last: 2 });
  await setPolicy(engine, 'web-?', { last: 3 });
  await setPolicy(engine, 'web-b', { last: 4 });
  await setPolicy(engine, 'd*', { last: 1 });
  const result = await prune(engine, { dryRun: true });
  const kept = (name: string) => stay(result).filter((text) => text.startsWith(`${name} `)).length;
  t.deepEqual(names.map(kept), [2, 3, 4, 1, 0]);
  t.deepEqual(result.withoutPolicy, ['other']);
  t.deepEqual(
    [...new Set(result.images.map(({ image, policy }) => `${image.name} ${policy}`))],
    ['db d*', 'web web*', 'web-a web-?', 'web-b web-b'],
  );
  await setPolicy(engine, '*', { last: 1 });
  t.deepEqual((await prune(engine, { dryRun: true })).withoutPolicy, []);
  const replaced = await prune(engine, { names: ['web-[ab]', 'web'], policy: { last: 1 }, dryRun: true });
  t.deepEqual(stay(replaced), ['web 4', 'web-a 4', 'web-b 4']);
  t.is(replaced.images[0]!.policy, undefined);
});

test('policies are listed as they are looked at, changed by anybody, and taken away', async (t) => {
  const { engine, store } = await datedStore(t, []);
  const other = await store.process();
  for (const pattern of ['*', 'w*', 'a*', 'db', 'web', '[vw]eb'])
    await setPolicy(engine, pattern, { last: 1 });
  t.deepEqual(
    (await readPolicies(other)).map(({ pattern }) => pattern),
    ['db', 'web', '[vw]eb', 'a*', 'w*', '*'],
  );
  t.deepEqual(await setPolicy(other, 'web', { daily: 7 }), { pattern: 'web', policy: { daily: 7 } });
  t.deepEqual(await readPolicy(engine, 'web'), { pattern: 'web', policy: { daily: 7 } });
  t.is((await readPolicy(engine, 'vex')).pattern, '*');
  t.is((await readPolicy(engine, 'veb')).pattern, '[vw]eb');
  t.is((await readPolicy(engine, 'w*')).pattern, 'w*', 'the pattern itself');
  await t.throwsAsync(readPolicy(engine, 'x*'), { message: /There is no policy "x\*"/ });
  t.deepEqual((await removePolicy(engine, 'web')).policy, { daily: 7 });
  t.is((await readPolicies(engine)).length, 5);
  await t.throwsAsync(removePolicy(engine, 'web'), {
    message: /There is no policy "web"; "doppel policy show"/,
  });
});

test('other fields of the config stay when policies change, and policies when settings do', async (t) => {
  const { engine } = await datedStore(t, []);
  await changeConfig(engine.objects, (config) => ({ ...config, later: { a: [1] } }));
  await setPolicy(engine, 'web', { last: 1 });
  await changeConfig(engine.objects, (config) => ({ ...config, settings: { ...config.settings, level: 3 } }));
  const changed = await removePolicy(engine, 'web').then(() => setPolicy(engine, 'db', { last: 2 }));
  t.deepEqual(changed.policy, { last: 2 });
  t.like(engine.config, { later: { a: [1] }, settings: { level: 3 }, policies: { db: { last: 2 } } });
});

test('what makes no sense is refused, and nothing is removed', async (t) => {
  const { engine } = await datedStore(t, days('web', 3));
  const refused = async (run: Promise<unknown>, code: StoreErrorCode, message: RegExp) => {
    const error = await t.throwsAsync(run, { instanceOf: StoreError, message });
    t.is(error!.code, code);
  };
  await refused(
    prune(engine),
    'bad-setting',
    /^Nothing says which images to keep: give --keep options, or set/,
  );
  await refused(prune(engine, { policy: {} }), 'bad-setting', /at least one rule/);
  await refused(prune(engine, { policy: { last: 0 } }), 'bad-setting', /last: .*counts from 1/);
  await refused(prune(engine, { policy: { tags: [] } }), 'bad-setting', /tags/);
  await refused(prune(engine, { policy: { size: 1 } as object }), 'bad-setting', /size: is no rule/);
  const policy = { last: 1 };
  await refused(prune(engine, { names: ['wbe'], policy }), 'unknown-reference', /no image of a name "wbe"/);
  await refused(prune(engine, { names: ['web', 'x*'], policy }), 'unknown-reference', /"x\*"/);
  await refused(prune(engine, { names: ['a b'], policy }), 'bad-name', /neither a name nor a pattern/);
  await setPolicy(engine, 'db', policy);
  await refused(prune(engine, { names: ['web'] }), 'bad-setting', /^No policy is for web: give/);
  await refused(setPolicy(engine, 'a:b', policy), 'bad-name', /neither a name nor a pattern/);
  await refused(setPolicy(engine, 'web', {}), 'bad-setting', /at least one rule/);
  t.is((await engine.library.list()).length, 3);
});

test('a rule of a later version is kept, and nothing is pruned by its policy', async (t) => {
  const { engine } = await datedStore(t, [...days('db', 3), ...days('web', 3)]);
  const later = { last: 1, sizes: [1] };
  await changeConfig(engine.objects, (config) => ({ ...config, policies: { web: later } }));
  await setPolicy(engine, 'db', { last: 1 });
  t.deepEqual((await readPolicies(engine)).find(({ pattern }) => pattern === 'web')?.policy, later);
  await t.throwsAsync(prune(engine), {
    message: /Policy "web" has the rule "sizes", which this version does not know/,
  });
  t.is((await engine.library.list()).length, 6);
  t.is((await prune(engine, { names: ['db'] })).removedImages, 2, 'that of other names can be used');
});

test('tags, labels and protection of now count', async (t) => {
  const { engine } = await datedStore(t, days('web', 6));
  await engine.library.tag('web~5', 'golden');
  await engine.library.label('web~4', { site: 'berlin' });
  await engine.library.setProtection('web~3', true);
  const result = await prune(engine, { policy: { last: 1, tags: ['golden'], labels: { site: 'berlin' } } });
  t.deepEqual(
    result.images.map(({ rules }) => rules),
    [['tag golden'], ['label site=berlin'], ['protected'], [], [], ['newest', 'last']],
  );
  t.is((await engine.library.list()).length, 4);
});

test('a clock in 2099 and one in 1970 cost nobody an image, and are told', async (t) => {
  const images = days('web', 6)
    .with(1, { name: 'web', createdMs: at('2099-01-01') })
    .with(3, { name: 'web', createdMs: 0 });
  const { engine } = await datedStore(t, images);
  const { images: judged } = await prune(engine, { policy: { daily: 5 } });
  t.deepEqual(
    judged.map(({ kept, trusted }) => [kept, trusted]),
    [[false, true], ...[1, 2, 3, 4, 5].map((i) => [true, i !== 1 && i !== 3])].with(0, [true, true]),
  );
  t.is(judged[1]!.image.created.getUTCFullYear(), 2099);
  t.is(judged[1]!.effective.getTime(), images[2]!.createdMs, 'it is no younger than the next');
});

/** Does something before the first image is marked. */
class Interfering extends WrappedStore {
  #interference: Promise<void> | undefined;
  readonly lists = new Map<string, number>();

  constructor(
    real: ObjectStore,
    private readonly interfere: () => Promise<void> = async () => {},
  ) {
    super(real);
  }

  override list(folder: string): Promise<string[]> {
    this.lists.set(folder, 1 + (this.lists.get(folder) ?? 0));
    return super.list(folder);
  }

  override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    if (key.startsWith('removed/')) {
      this.#interference ??= this.interfere();
      await this.#interference;
    }
    return super.claim(key, bytes);
  }
}

test('an image that is protected while others are marked stays', async (t) => {
  const { store, publications } = await datedStore(t, days('web', 60));
  const other = await store.process();
  const victim = publications[40]!;
  const engine = await store.process(
    (objects) =>
      new Interfering(objects, async () => {
        const { id } = (await other.library.list()).find(({ publication }) => publication === victim)!;
        await other.library.setProtection(`@${id}`, true);
      }),
  );
  const result = await prune(engine, { policy: { last: 1 } });
  t.deepEqual(stay(result), ['web 41', 'web 60']);
  t.deepEqual(result.images[40]!.rules, ['protected']);
  t.deepEqual(
    (await other.library.list()).map(({ sequence }) => sequence),
    [41, 60],
  );
});

test('images that others remove, undelete or purge meanwhile are no trouble', async (t) => {
  const { store, publications } = await datedStore(t, days('web', 4));
  const engine = await store.process(
    (objects) =>
      new Interfering(objects, async () => {
        // Of a pinned image purge leaves the manifest, and with it all marks.
        await pinImage(objects, systemEnvironment(), publications[0] as PubId, 'a test');
        for (const back of [3, 2, 1]) await store.remove(`web~${back}`);
        const other = await store.process();
        const removed = await other.library.list({ removed: true, pattern: 'web' });
        await other.library.undelete(`@${removed[2]!.id}`);
        await store.gc({ graceMs: 0 });
      }),
  );
  const result = await prune(engine, { policy: { last: 1 } });
  t.is(result.removedImages, 3);
  t.deepEqual(
    (await engine.library.list()).map(({ sequence }) => sequence),
    [4],
  );
});

test('two prunes at once agree', async (t) => {
  const { store } = await datedStore(t, days('web', 30));
  const both = await Promise.all(
    [await store.process(), await store.process()].map((engine) => prune(engine, { policy: { last: 2 } })),
  );
  for (const result of both) t.deepEqual(stay(result), ['web 29', 'web 30']);
  t.is(store.names('removed').filter((name) => name.endsWith('.1')).length, 28 + 1, 'with the template');
});

test('folders are listed as often for many images as for few', async (t) => {
  const listsFor = async (count: number) => {
    const { store } = await datedStore(t, [...days('web', count), ...days('db', 2)]);
    const wrapped: Interfering[] = [];
    const engine = await store.process((objects) => {
      wrapped.push(new Interfering(objects));
      return wrapped[0]!;
    });
    t.is((await prune(engine, { policy: { last: 1 } })).removedImages, count);
    return wrapped[0]!.lists;
  };
  const few = await listsFor(3);
  const many = await listsFor(100);
  t.is(many.get('images'), few.get('images'));
  t.is(many.get('removed'), few.get('removed'));
});

test('an aborted prune ends with the signal’s reason; a dry run needs no right to write', async (t) => {
  const { engine, store } = await datedStore(t, days('web', 3));
  const reason = new Error('enough');
  await t.throwsAsync(prune(engine, { policy: { last: 1 }, signal: AbortSignal.abort(reason) }), {
    is: reason,
  });
  const readOnly = await store.process((objects) => {
    const wrapped = new WrappedStore(objects);
    Object.assign(wrapped, { readOnly: true });
    return wrapped;
  });
  await t.throwsAsync(prune(readOnly, { policy: { last: 1 } }), { code: 'store-read-only' });
  t.is((await prune(readOnly, { policy: { last: 1 }, dryRun: true })).removedImages, 2);
  t.is((await engine.library.list()).length, 3);
});
