/** What verify finds, and what restore makes of a damaged store when it is told to go on. */
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { CaptureResult, Problem, RestoreResult, VerifyResult } from '../../src/index.js';
import { imageKey, type PubId } from '../../store-format/index.js';
import { doppel } from '../cli/run-doppel.js';
import { folderFor, loopDevice } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { filesOf, flipByte, type PackFile, packOf, partsOf } from '../support/store-files.js';
import { copyOf, hasNoTrace, makeSample, restoresWhole, type Sample, type SampleImage } from './sample.js';

let sample: Sample;

test.before(async () => {
  sample = await makeSample();
});

type Kind = 'data' | 'meta';
const packOfMail = (store: string, kind: Kind): PackFile =>
  packOf(store, sample.mail.image.publication, kind);
const manifestOf = (store: string, { image }: SampleImage) =>
  join(store, imageKey(image.publication as PubId));
const flipIn = (kind: Kind, part: keyof ReturnType<typeof partsOf>) => (store: string) => {
  const pack = packOfMail(store, kind);
  flipByte(pack.path, partsOf(pack)[part]);
};

interface Row {
  readonly title: string;
  readonly damage: (store: string) => void;
  /** What the first problem says. */
  readonly code: Problem['code'];
  readonly message: RegExp;
  /** The problem is one of an image at an offset. */
  readonly placed: boolean;
  readonly mailIsHurt: boolean;
}

const IN_MAIL = /^Image mail@[0-9a-f]{8} at byte \d+ \(\d+ bytes\): /;

const ROWS: readonly Row[] = [
  {
    title: 'a data frame',
    damage: flipIn('data', 'frame'),
    code: 'chunk-damaged',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: 'a data footer',
    damage: flipIn('data', 'footer'),
    code: 'chunk-missing',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: 'a data trailer',
    damage: flipIn('data', 'trailer'),
    code: 'chunk-missing',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: 'a missing data pack',
    damage: (store) => unlinkSync(packOfMail(store, 'data').path),
    code: 'chunk-missing',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: 'a meta frame',
    damage: flipIn('meta', 'frame'),
    code: 'object-damaged',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: 'a meta footer',
    damage: flipIn('meta', 'footer'),
    code: 'object-missing',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: 'a missing meta pack',
    damage: (store) => unlinkSync(packOfMail(store, 'meta').path),
    code: 'object-missing',
    message: IN_MAIL,
    placed: true,
    mailIsHurt: true,
  },
  {
    title: "a manifest's head",
    damage: (store) => flipByte(manifestOf(store, sample.mail), 70),
    code: 'object-damaged',
    message: /^Manifest images\//,
    placed: false,
    mailIsHurt: false,
  },
  {
    title: "a manifest's tail",
    damage: (store) => flipByte(manifestOf(store, sample.mail), -3),
    code: 'object-damaged',
    message: /^Manifest images\//,
    placed: false,
    mailIsHurt: true,
  },
  {
    title: 'a name record',
    damage: (store) => flipByte(filesOf(store, 'tags')[0]!, -3),
    code: 'object-damaged',
    message: /^Record tags\//,
    placed: false,
    mailIsHurt: false,
  },
  {
    title: 'a mark',
    damage: (store) => flipByte(filesOf(store, 'removed').at(-1)!, -3),
    code: 'object-damaged',
    message: /^Record removed\//,
    placed: false,
    mailIsHurt: false,
  },
];

async function verify(
  store: string,
  ...words: string[]
): Promise<{ code: number | null; result: VerifyResult }> {
  const run = await doppel(['--store', store, 'verify', ...words, '--json']);
  return { code: run.code, result: JSON.parse(run.stdout) as VerifyResult };
}

for (const { title, damage, code, message, placed, mailIsHurt } of ROWS) {
  test.serial(`verify --all finds ${title}, names it, and checks the rest`, async (t) => {
    const store = copyOf(t, sample);
    damage(store);
    const all = await verify(store, '--all');
    t.is(all.code, EXIT.damage);
    const [first] = all.result.problems;
    t.is(first?.code, code);
    t.regex(first?.message ?? '', message);
    if (placed) {
      t.is(first?.image, `mail@${sample.mail.image.id}`);
      t.true(Number.isInteger(first?.offset) && (first?.length ?? 0) > 0);
      t.regex(first?.chunk ?? '', /^[0-9a-f]{64}$/);
    } else {
      t.true(first?.object !== undefined && filesOf(store, '').some((path) => path.endsWith(first.object!)));
    }
    const verdicts = new Map(all.result.images.map(({ image, ok }) => [image.id, ok]));
    t.is(verdicts.get(sample.old.image.id), true);
    t.is(verdicts.get(sample.web.image.id), true);
    if (mailIsHurt) t.is(verdicts.get(sample.mail.image.id), false);
    const human = await doppel(['--store', store, 'verify', '--all']);
    t.is(human.code, EXIT.damage);
    hasNoTrace(t, human);
    t.regex(human.stdout, /^Problem: /m);
    // By their ids: while nobody knows whose a manifest is, no name tells which image is meant.
    const others = [sample.web, sample.old].map(({ image }) => `@${image.id}`);
    t.is((await doppel(['--store', store, 'verify', ...others])).code, EXIT.done);
  });
}

test.serial('verify of a whole store finds nothing', async (t) => {
  const { code, result } = await verify(sample.store, '--all');
  t.is(code, EXIT.done);
  t.deepEqual(result.problems, []);
  t.is(result.images.length, 3);
  t.true(result.images.every(({ ok }) => ok));
  const used = sample.old.image.newBytes + sample.web.image.newBytes + sample.mail.image.newBytes;
  t.is(result.checkedBytes, used);
});

/** The image's bytes with the ranges that are lost at zero. */
function without(bytes: Buffer, ranges: RestoreResult['damagedRanges']): Buffer {
  const rest = Buffer.from(bytes);
  for (const { offset, length } of ranges) rest.fill(0, offset, offset + length);
  return rest;
}

const HURTS: Readonly<Record<string, (store: string) => void>> = {
  'a data frame': flipIn('data', 'frame'),
  'a data pack': (store) => unlinkSync(packOfMail(store, 'data').path),
  'a meta frame': flipIn('meta', 'frame'),
  'a meta pack': (store) => unlinkSync(packOfMail(store, 'meta').path),
};

for (const [title, damage] of Object.entries(HURTS)) {
  test.serial(
    `restore --on-damage zero without ${title}: the rest comes, the ranges are listed`,
    async (t) => {
      const store = copyOf(t, sample);
      damage(store);
      const folder = folderFor(t);
      const [target, disk, piped] = ['target.img', 'disk.img', 'piped.img'].map((name) =>
        join(folder, name),
      ) as [string, string, string];
      const words = ['--store', store, 'restore', 'mail', '--on-damage', 'zero'];
      const run = await doppel([...words, target, '--json']);
      t.is(run.code, EXIT.damage, run.stderr);
      const { damagedRanges } = JSON.parse(run.stdout) as RestoreResult;
      t.true(damagedRanges.length > 0);
      for (const [i, range] of damagedRanges.entries()) {
        const before = damagedRanges[i - 1];
        t.true(range.length > 0 && (before === undefined || before.offset + before.length < range.offset));
      }
      const expected = without(sample.mail.bytes, damagedRanges);
      t.true(readFileSync(target).equals(expected));
      writeFileSync(disk, seededBytes('what was there', sample.mail.bytes.length));
      const device = loopDevice(t, disk);
      if (device === undefined) return;
      const toDevice = await doppel([...words, device, '--yes', '--json']);
      t.is(toDevice.code, EXIT.damage, toDevice.stderr);
      t.deepEqual((JSON.parse(toDevice.stdout) as RestoreResult).damagedRanges, damagedRanges);
      t.true(readFileSync(device).equals(expected), 'what was there before does not shine through');
      const dryRun = await doppel([...words, piped, '--dry-run', '--json']);
      if (title !== 'a data frame') t.is(dryRun.code, EXIT.damage, 'a dry run sees what is missing');
    },
  );
}

test.serial('restore to standard output goes on past damage, too', async (t) => {
  const store = copyOf(t, sample);
  HURTS['a data frame']!(store);
  const run = await doppel(['--store', store, 'restore', 'mail', '-', '--on-damage', 'zero']);
  t.is(run.code, EXIT.damage);
  t.regex(run.stderr, /could not be restored and stand as zeros/);
});

test.serial('a capture of the same disk heals what a lost pack took away', async (t) => {
  const store = copyOf(t, sample);
  unlinkSync(packOfMail(store, 'data').path);
  unlinkSync(packOfMail(store, 'meta').path);
  const disk = join(folderFor(t), 'disk.img');
  writeFileSync(disk, sample.mail.bytes);
  const run = await doppel(['--store', store, 'capture', disk, 'again', '--json']);
  t.is(run.code, EXIT.done, run.stderr);
  t.is((JSON.parse(run.stdout) as CaptureResult).newChunks, sample.mail.image.newChunks);
  await restoresWhole(t, store, 'mail', sample.mail.bytes);
  t.is((await verify(store, '--all')).code, EXIT.done);
  t.true(filesOf(store, 'packs').every((path) => basename(path).length === 64));
});
