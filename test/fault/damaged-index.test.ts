/** The chunk index is derived: whatever happens to it, the store's answers stay the same. One row for each kind of damage. */
import {
  appendFileSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { doppel } from '../cli/run-doppel.js';
import { folderFor } from '../support/machine.js';
import { editedDisk, seededBytes } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';
import { copyOf, hasNoTrace, makeSample, restoresWhole, type Sample } from './sample.js';

let sample: Sample;

test.before(async () => {
  sample = await makeSample();
});

/** Noise over all but the first bytes, so that what looks at the beginning alone is fooled. */
function spoil(path: string): void {
  const bytes = readFileSync(path);
  seededBytes(path, bytes.length).copy(bytes, Math.min(64, bytes.length >> 1));
  writeFileSync(path, bytes);
}

/** Noise in the middle: what is checked at the end looks well. */
function spoilMiddle(path: string): void {
  const bytes = readFileSync(path);
  seededBytes(path, bytes.length >> 1).copy(bytes, bytes.length >> 2);
  writeFileSync(path, bytes);
}

const WAYS: Readonly<Record<string, (path: string) => void>> = {
  noise: spoil,
  'noise in the middle': spoilMiddle,
  'no bytes': (path) => truncateSync(path, 0),
  half: (path) => truncateSync(path, statSync(path).size >> 1),
  'bytes too many': (path) => appendFileSync(path, 'more'),
  gone: unlinkSync,
};
const FILES: Readonly<Record<string, RegExp>> = {
  tables: /\.ldb$/,
  log: /[0-9]\.log$/,
  CURRENT: /CURRENT$/,
  MANIFEST: /MANIFEST-[0-9]+$/,
};

const ROWS: readonly (readonly [title: string, damage: (store: string) => void])[] = [
  ...Object.entries(FILES).flatMap(([files, pattern]) =>
    Object.entries(WAYS).map(([way, harm]) => {
      const damage = (store: string) =>
        filesOf(store, 'index')
          .filter((path) => pattern.test(path))
          .forEach(harm);
      return [`${files}: ${way}`, damage] as const;
    }),
  ),
  ['the folder gone', (store) => rmSync(join(store, 'index'), { recursive: true })],
  [
    'a file in its place',
    (store) => {
      rmSync(join(store, 'index'), { recursive: true });
      writeFileSync(join(store, 'index'), 'in the way');
    },
  ],
];

for (const [title, damage] of ROWS) {
  test.serial(`index: ${title}`, async (t) => {
    const store = copyOf(t, sample);
    damage(store);
    const run = await restoresWhole(t, store, 'web', sample.web.bytes);
    hasNoTrace(t, run);
    damage(store); // what the restore has mended
    const disk = join(folderFor(t), 'disk.img');
    const later = editedDisk(sample.web.bytes, title);
    writeFileSync(disk, later);
    const capture = await doppel(['--store', store, 'capture', disk, 'web']);
    t.is(capture.code, 0, capture.stderr);
    hasNoTrace(t, capture);
    await restoresWhole(t, store, 'web', later);
    const verify = await doppel(['--store', store, 'verify', '--all']);
    t.is(verify.code, 0, verify.stdout + verify.stderr);
    t.regex(verify.stdout, /4 images,.*no problem/);
  });
}

test.serial('rebuild makes an index that knows all', async (t) => {
  const store = copyOf(t, sample);
  for (const path of filesOf(store, 'index')) if (path.endsWith('.ldb')) spoil(path);
  const rebuilt = await doppel(['--store', store, 'rebuild', '--json']);
  t.is(rebuilt.code, 0, rebuilt.stderr);
  const { packs, damagedPacks } = JSON.parse(rebuilt.stdout) as { packs: number; damagedPacks: string[] };
  t.is(packs, filesOf(store, 'packs').length);
  t.deepEqual(damagedPacks, []);
  const disk = join(folderFor(t), 'disk.img');
  writeFileSync(disk, sample.mail.bytes);
  const again = await doppel(['--store', store, 'capture', disk, 'again', '--json']);
  t.is((JSON.parse(again.stdout) as { newChunks: number }).newChunks, 0);
});
