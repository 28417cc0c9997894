/**
 * Every kind of object, damaged in every way, one row each: what the command says and with which exit code, and which images
 * are none the worse for it.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import { blake3 } from '../../src/hashing/blake3.js';
import {
  ConfigSchema,
  configKey,
  decodeRecord,
  encodeRecord,
  imageKey,
  type PubId,
} from '../../store-format/index.js';
import { patched } from '../format/byte-fields.js';
import { resealEnd, resealManifest } from '../format/reseal.js';
import { folderFor } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { cutInHalf, filesOf, flipByte, packOf, partsOf } from '../support/store-files.js';
import {
  type Complaint,
  complains,
  copyOf,
  makeSample,
  REFERENCES,
  restoresWhole,
  type Sample,
  type SampleName,
} from './sample.js';

const MIB = 1024 ** 2;

let sample: Sample;

test.before(async () => {
  sample = await makeSample();
});

interface Row {
  readonly title: string;
  readonly damage: (store: string) => void;
  /** Commands that must complain, without `--store`. */
  readonly complaints: readonly (readonly [words: readonly string[], complaint: Complaint])[];
  /** Images that still come back byte for byte. */
  readonly unharmed: readonly SampleName[];
  /** Those of them that come back by their ids alone: what is damaged could decide which image their reference means. */
  readonly byId?: readonly SampleName[];
  /** What commands that go on must warn of. */
  readonly warning?: RegExp;
}

/** Stands for a file in the test's own folder. */
const OUT = '<out>';

const damaged = (code: string, message: RegExp): Complaint => ({ exitCode: EXIT.damage, code, message });
const restoring = (name: SampleName, complaint: Complaint) =>
  [['restore', REFERENCES[name], OUT], complaint] as const;

const publication = (name: SampleName) => sample[name].image.publication;
const dataPack = (store: string, name: SampleName) => packOf(store, publication(name), 'data');
const metaPack = (store: string, name: SampleName) => packOf(store, publication(name), 'meta');
const manifest = (store: string, name: SampleName) => join(store, imageKey(publication(name) as PubId));
const highest = (store: string, folder: string) => filesOf(store, folder).at(-1)!;

/** `init` writes the config twice. */
const CONFIGS = [configKey(1), configKey(2)];
const eachConfig = (damage: (path: string) => void) => (store: string) => {
  for (const key of CONFIGS) damage(join(store, key));
};

/** Asks for a feature that no version has. */
function addFeature(store: string, set: 'read' | 'write' | 'collect'): void {
  for (const key of CONFIGS) {
    const path = join(store, key);
    const config = decodeRecord('config', key, readFileSync(path), ConfigSchema, blake3);
    const features = { ...config.features, [set]: ['telepathy'] };
    writeFileSync(path, encodeRecord('config', key, { ...config, features }, blake3));
  }
}

/** A record or manifest of format 0.9, with hashes that are right: else nobody believes the version. */
function makeNewer(path: string, reseal: (bytes: Buffer) => Buffer = resealEnd): void {
  writeFileSync(path, reseal(patched(readFileSync(path), 4, Buffer.from([9, 0]))));
}

const NAME_RECORDS = 'tags';
const nameRecordOf = (store: string, text: string) =>
  filesOf(store, NAME_RECORDS).find((path) => readFileSync(path, 'latin1').includes(text))!;

const ALL: readonly SampleName[] = ['old', 'web', 'mail'];
const WEB: readonly SampleName[] = ['old', 'web'];

const chunkMissing = damaged(
  'chunk-missing',
  /^Chunk [0-9a-f]{12}… .*image mail@.* byte \d+.*no pack holds it.*--on-damage zero/,
);
const chunkDamaged = damaged(
  'chunk-damaged',
  /^Chunk [0-9a-f]{12}… .*image mail@.* byte \d+.*pack [0-9a-f]{12}….*--on-damage zero/,
);
const pageMissing = damaged(
  'object-missing',
  /image mail@.* byte 0 .*Page [0-9a-f]{12}… is missing.*--on-damage zero/,
);
const entryDamaged = damaged('object-damaged', /image mail@.*(Page|Recipe) [0-9a-f]{12}… is damaged in pack/);
const recordDamaged = damaged(
  'object-damaged',
  /^Record (tags|removed)\/[0-9a-f./]+ cannot be used: .*put back a good copy/,
);
const manifestDamaged = damaged(
  'object-damaged',
  /^Manifest images\/[0-9a-f]{32} is damaged: .*put back a good copy/,
);
const configDamaged = damaged(
  'object-damaged',
  /^Record config\/0000000002 cannot be used: .*put back a good copy/,
);
const captureRefused = (complaint: Complaint) => [['capture', OUT, 'new'], complaint] as const;
const maybeUnreadable: Complaint = {
  exitCode: EXIT.unknownImage,
  code: 'unknown-reference',
  message: /^There is no image "mail"; it may be what cannot be read: "doppel verify --all"/,
};

const inDoubt = (code: string, object: RegExp): Complaint => ({
  exitCode: code === 'unsupported-format' ? EXIT.store : EXIT.damage,
  code,
  message: new RegExp(
    `^Which image "(web|mail)(:\\w+)?" is cannot be told for certain; name it by its id, such as (web|mail)@[0-9a-f]{8}: ${object.source}`,
  ),
});
const manifestInDoubt = inDoubt(
  'object-damaged',
  /Manifest images\/[0-9a-f]{32} is damaged: .*put back a good copy/,
);

const ROWS: readonly Row[] = [
  {
    title: 'a data pack cut in half',
    damage: (store) => cutInHalf(dataPack(store, 'mail').path),
    complaints: [restoring('mail', chunkMissing)],
    unharmed: WEB,
  },
  {
    title: 'a data pack of no bytes',
    damage: (store) => truncateSync(dataPack(store, 'mail').path, 0),
    complaints: [restoring('mail', chunkMissing)],
    unharmed: WEB,
  },
  {
    title: 'a data pack that is gone',
    damage: (store) => unlinkSync(dataPack(store, 'mail').path),
    complaints: [restoring('mail', chunkMissing)],
    unharmed: WEB,
  },
  {
    title: 'a data pack replaced by a folder',
    damage: (store) => {
      const { path } = dataPack(store, 'mail');
      unlinkSync(path);
      mkdirSync(path);
    },
    complaints: [restoring('mail', chunkMissing)],
    unharmed: WEB,
  },
  {
    title: 'a byte of a data frame',
    damage: (store) => flipByte(dataPack(store, 'mail').path, partsOf(dataPack(store, 'mail')).frame),
    complaints: [restoring('mail', chunkDamaged)],
    unharmed: WEB,
  },
  {
    title: "a byte of a data pack's footer",
    damage: (store) => flipByte(dataPack(store, 'mail').path, partsOf(dataPack(store, 'mail')).footer),
    complaints: [restoring('mail', chunkMissing)],
    unharmed: WEB,
    warning: /^Warning: Pack [0-9a-f]{12}… is damaged: /m,
  },
  {
    title: "a byte of a data pack's trailer",
    damage: (store) => flipByte(dataPack(store, 'mail').path, partsOf(dataPack(store, 'mail')).trailer + 9),
    complaints: [restoring('mail', chunkMissing)],
    unharmed: WEB,
    warning: /^Warning: Pack [0-9a-f]{12}… is damaged: /m,
  },
  {
    title: "a byte of a pack's header, which holds nothing that an image needs",
    damage: (store) => flipByte(dataPack(store, 'mail').path, 3),
    complaints: [],
    unharmed: ALL,
  },
  {
    title: 'a byte of a meta frame',
    damage: (store) => flipByte(metaPack(store, 'mail').path, partsOf(metaPack(store, 'mail')).frame),
    complaints: [restoring('mail', entryDamaged)],
    unharmed: WEB,
  },
  {
    title: "a byte of a meta pack's footer",
    damage: (store) => flipByte(metaPack(store, 'mail').path, partsOf(metaPack(store, 'mail')).footer),
    complaints: [restoring('mail', pageMissing)],
    unharmed: WEB,
    warning: /^Warning: Pack [0-9a-f]{12}… is damaged: /m,
  },
  {
    title: 'a meta pack cut in half',
    damage: (store) => cutInHalf(metaPack(store, 'mail').path),
    complaints: [restoring('mail', pageMissing)],
    unharmed: WEB,
  },
  {
    title: 'a meta pack that is gone',
    damage: (store) => unlinkSync(metaPack(store, 'mail').path),
    complaints: [restoring('mail', pageMissing)],
    unharmed: WEB,
  },
  {
    title: 'the pack of the later web, when the old one is asked for',
    damage: (store) => unlinkSync(dataPack(store, 'web').path),
    complaints: [restoring('web', damaged('chunk-missing', /image web@.*no pack holds it/))],
    unharmed: ['old', 'mail'],
  },
  {
    title: "a byte at a manifest's beginning",
    damage: (store) => flipByte(manifest(store, 'mail'), 70),
    complaints: [
      restoring('mail', maybeUnreadable),
      restoring('web', manifestInDoubt),
      restoring('old', manifestInDoubt),
      captureRefused(manifestDamaged),
      [['rm', 'web'], manifestDamaged],
    ],
    unharmed: WEB,
    byId: WEB,
    warning: /^Warning: Manifest images\/[0-9a-f]{32} is damaged: /m,
  },
  {
    title: "a byte at a manifest's end",
    damage: (store) => flipByte(manifest(store, 'mail'), -3),
    complaints: [restoring('mail', manifestDamaged)],
    unharmed: WEB,
  },
  {
    title: 'a manifest cut in half',
    damage: (store) => cutInHalf(manifest(store, 'mail')),
    complaints: [
      restoring('mail', maybeUnreadable),
      restoring('web', manifestInDoubt),
      restoring('old', manifestInDoubt),
      captureRefused(manifestDamaged),
    ],
    unharmed: WEB,
    byId: WEB,
  },
  {
    title: 'a manifest of no bytes',
    damage: (store) => truncateSync(manifest(store, 'mail'), 0),
    complaints: [
      restoring('mail', maybeUnreadable),
      restoring('web', manifestInDoubt),
      restoring('old', manifestInDoubt),
      captureRefused(manifestDamaged),
    ],
    unharmed: WEB,
    byId: WEB,
  },
  {
    title: "a manifest under another manifest's name",
    damage: (store) => copyFileSync(manifest(store, 'web'), manifest(store, 'mail')),
    complaints: [
      restoring('mail', maybeUnreadable),
      restoring('web', manifestInDoubt),
      restoring('old', manifestInDoubt),
    ],
    unharmed: WEB,
    byId: WEB,
  },
  {
    title: 'a manifest of a newer format',
    damage: (store) => makeNewer(manifest(store, 'mail'), resealManifest),
    complaints: [
      restoring('web', inDoubt('unsupported-format', /Manifest images\/[0-9a-f]{32} cannot be used: /)),
      captureRefused({
        exitCode: EXIT.store,
        code: 'unsupported-format',
        message:
          /^Manifest images\/[0-9a-f]{32} cannot be used: .*0\.9.*use the version of doppel that wrote it/,
      }),
    ],
    unharmed: WEB,
    byId: WEB,
  },
  {
    title: 'a manifest that is gone',
    damage: (store) => unlinkSync(manifest(store, 'mail')),
    complaints: [
      restoring('mail', {
        exitCode: EXIT.unknownImage,
        code: 'unknown-reference',
        message: /^There is no image "mail"; "doppel ls" lists/,
      }),
    ],
    unharmed: WEB,
  },
  {
    title: 'a byte of a name record: its images go without what it said, and nothing is written',
    damage: (store) => flipByte(nameRecordOf(store, 'berlin'), -50),
    complaints: [
      captureRefused(recordDamaged),
      [['rm', 'mail'], recordDamaged],
      [['tag', 'mail', 'x'], recordDamaged],
    ],
    unharmed: ALL,
    warning: /^Warning: Record tags\/[0-9a-f]{64}\/0000000001 cannot be used/m,
  },
  {
    title: 'the newest manifest of a name: the image before does not stand in for it',
    damage: (store) => flipByte(manifest(store, 'web'), 70),
    complaints: [
      restoring('web', manifestInDoubt),
      restoring('old', manifestInDoubt),
      [['verify', 'web'], manifestInDoubt],
    ],
    unharmed: ['old', 'mail'],
    byId: ['old', 'mail'],
  },
  {
    title: 'a byte of a name record that says what a tag means',
    damage: (store) => flipByte(nameRecordOf(store, 'kept'), -50),
    complaints: [restoring('old', inDoubt('object-damaged', /Record tags\/[0-9a-f/]+ cannot be used/))],
    unharmed: ALL,
  },
  {
    title: 'a byte of a mark: the image is taken for one that is there',
    damage: (store) => flipByte(highest(store, 'removed'), -50),
    complaints: [
      captureRefused(recordDamaged),
      [['rm', 'web'], recordDamaged],
      restoring('mail', inDoubt('object-damaged', /Record removed\/[0-9a-f]{32}\.2 cannot be used/)),
    ],
    unharmed: ALL,
    byId: ['mail'],
    warning: /^Warning: Record removed\/[0-9a-f]{32}\.2 cannot be used/m,
  },
  {
    title: 'a byte of both configs',
    damage: eachConfig((path) => flipByte(path, 40)),
    complaints: [[['ls'], configDamaged], restoring('mail', configDamaged), captureRefused(configDamaged)],
    unharmed: [],
  },
  {
    title: 'configs of no bytes',
    damage: eachConfig((path) => truncateSync(path, 0)),
    complaints: [[['ls'], configDamaged]],
    unharmed: [],
  },
  {
    title: 'configs that are gone',
    damage: eachConfig(unlinkSync),
    complaints: [
      [
        ['ls'],
        {
          exitCode: EXIT.store,
          code: 'not-a-store',
          message: /is not a doppel store: it has no config record/,
        },
      ],
    ],
    unharmed: [],
  },
  {
    title: 'configs of another format version',
    damage: eachConfig((path) => makeNewer(path)),
    complaints: [
      [
        ['ls'],
        {
          exitCode: EXIT.store,
          code: 'unsupported-format',
          message: /^Store .* another format .*0\.9.*use the version of doppel/,
        },
      ],
    ],
    unharmed: [],
  },
  {
    title: 'a feature that is needed to read',
    damage: (store) => addFeature(store, 'read'),
    complaints: [
      [
        ['ls'],
        {
          exitCode: EXIT.store,
          code: 'unsupported-feature',
          message: /^Store .*"telepathy" to read: use a newer doppel/,
        },
      ],
    ],
    unharmed: [],
  },
  {
    title: 'a feature that is needed to write: reading goes on',
    damage: (store) => addFeature(store, 'write'),
    complaints: [
      captureRefused({
        exitCode: EXIT.store,
        code: 'unsupported-feature',
        message: /^Store .*"telepathy" to write: use a newer doppel/,
      }),
      [['rm', 'web'], { exitCode: EXIT.store, code: 'unsupported-feature', message: /"telepathy" to write/ }],
    ],
    unharmed: ALL,
  },
  {
    title: 'a feature that is needed to collect concerns neither readers nor writers',
    damage: (store) => addFeature(store, 'collect'),
    complaints: [],
    unharmed: ALL,
  },
  {
    title: 'files that are no objects',
    damage: (store) => {
      for (const folder of [
        'images',
        'removed',
        'leases',
        'config',
        'tags',
        'packs/00',
        'condemned',
        'damaged',
        'tmp',
      ]) {
        writeFileSync(join(store, folder, 'readme.txt'), 'left by a passer-by');
        writeFileSync(join(store, folder, '.DS_Store'), '');
        mkdirSync(join(store, folder, 'lost+found'), { recursive: true });
      }
    },
    complaints: [],
    unharmed: ALL,
  },
  {
    title: 'a lease that makes no sense',
    damage: (store) => writeFileSync(join(store, 'leases', '0'.repeat(32)), 'nonsense'),
    complaints: [],
    unharmed: ALL,
  },
];

for (const row of ROWS) {
  test.serial(row.title, async (t) => {
    const store = copyOf(t, sample);
    row.damage(store);
    const out = join(folderFor(t), 'out.img');
    for (const [words, complaint] of row.complaints) {
      const source = words[0] === 'capture';
      if (source) writeFileSync(out, seededBytes('new', MIB));
      await complains(t, ['--store', store, ...words.map((word) => (word === OUT ? out : word))], complaint);
      t.is(existsSync(out), source, 'a restore that failed leaves no file');
      rmSync(out, { force: true });
    }
    for (const name of row.unharmed) {
      const { image, bytes } = sample[name];
      const reference = name === 'old' ? 'web~1' : REFERENCES[name];
      const isById = row.byId?.includes(name) ?? false;
      const { stderr } = await restoresWhole(t, store, isById ? `@${image.id}` : reference, bytes);
      if (row.warning !== undefined && row.complaints.length > 1) t.regex(stderr, row.warning);
    }
    await leavesNothing(t, store);
  });
}

/** Nothing half-written, and no lease of a process that has ended. */
async function leavesNothing(t: ExecutionContext, store: string): Promise<void> {
  const own = (name: string) => !/readme\.txt$|\.DS_Store$|\/0{32}$/.test(name);
  t.deepEqual(filesOf(store, 'tmp').filter(own), []);
  t.deepEqual(filesOf(store, 'leases').filter(own), []);
}
