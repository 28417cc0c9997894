/**
 * What the operations make of a store that was tampered with, in words that the table can expect. What must hold for every
 * row, whatever it expects, is checked here:
 *
 *   - an image comes back byte for byte, or an error names what is wrong; never other bytes
 *   - where something is found, it is named
 *   - what is captured meanwhile is whole, also where it has the content of what was tampered with
 *   - after a gc every image that came back before still does
 */
import { readConfig } from '../../../src/engine/config-records.js';
import type { Engine } from '../../../src/engine/engine.js';
import { systemEnvironment } from '../../../src/environment.js';
import { StoreError } from '../../../src/errors.js';
import { openVault, ownersConfigs, unlock } from '../../../src/keys/unlock.js';
import { bytesOf, type StoreInMemory } from '../../support/memory-engine.js';
import { MemoryStore } from '../../support/memory-store.js';
import { seededBytes } from '../../support/seeded-disk.js';
import { type Check, codeOf } from '../damage-table/outcome.js';
import { IMAGE_NAMES, type ImageName, type PreparedStore } from '../damage-table/prepared-store.js';
import { type Case, tamper } from './actions.js';
import type { PreparedStores } from './prepared-stores.js';
import { PASSPHRASE } from './slots.js';

const NEW_DISK = seededBytes('beside', 30_000);

/** A row of the table, column by column. */
export interface Outcome {
  /** With a key file, and with a passphrase where that is another thing. */
  readonly open: string;
  /** What a listing shows differently, and codes of its warnings in parentheses. */
  readonly ls: string;
  readonly verify: string;
  readonly scrub: string;
  /** Images that do not come back. */
  readonly hurt: string;
  readonly capture: string;
  readonly gc: string;
}

export async function outcomeOf(stores: PreparedStores, each: Case, check: Check): Promise<Outcome> {
  const prepared = each.name === 'return' ? stores.older.prepared : stores.ours;
  const store = prepared.store.copy();
  const usual = await usualOf(prepared);
  tamper(stores, store.place, each);
  const touched = touchedKeys(prepared.store, store);
  const open = await opening(store);
  const ls = await codeOr(async () => difference(usual, await listing(prepared, store)));
  const verify = await codeOr(async () => codesOf(await store.verify()));
  const scrub = await codeOr(async () => {
    const found = await store.scrub();
    const all = [...found.problems, ...found.hints];
    const isNamed = all.some((one) => names(touched, one) || ('chunk' in one && one.image !== undefined));
    check(all.length === 0 || isNamed, `scrub does not name ${touched}: ${JSON.stringify(all)}`);
    return codesOf(found);
  });
  const hurt = await imagesHurt(prepared, store, touched, check);
  const capture = await codeOf(async () => {
    const bytes = isOfMail(each) ? prepared.images.mail.bytes : NEW_DISK;
    const { publication } = await store.capture(bytes, 'beside');
    const back = await bytesOf(await store.process(), publication);
    check(back.equals(bytes), 'what was captured beside came back otherwise');
  });
  const gc = await codeOf(() => store.gc());
  if (gc === 'works') {
    const after = await imagesHurt(prepared, store, touched, check);
    check(
      after.every((image) => hurt.includes(image)),
      `gc hurt ${after}`,
    );
  }
  return { open, ls, verify, scrub, hurt: hurt.join(' ') || 'none', capture, gc };
}

/** Whether what was tampered with has the content of mail, or says that it is there. */
const isOfMail = ({ kind }: Case) => kind.endsWith('pack') || kind === 'manifest';

function touchedKeys(before: StoreInMemory, after: StoreInMemory): readonly string[] {
  const [a, b] = [before.place.objects, after.place.objects];
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}

/** By its key, or the part of it that is an id. */
function names(touched: readonly string[], one: object): boolean {
  const text = JSON.stringify(one);
  return touched.some((key) => text.includes(key) || text.includes(key.split('/').at(-1)!));
}

async function opening(store: StoreInMemory): Promise<string> {
  const byFile = await codeOr(async () => {
    const { configDamage } = await store.process();
    return configDamage === undefined ? 'works' : 'older config';
  });
  const byPassphrase = await codeOr(async () => {
    const place = new MemoryStore(store.place);
    const { config } = await readConfig(place);
    const { secret } = await unlock(place, config, { kind: 'passphrase', passphrase: PASSPHRASE });
    const pinned = await readConfig(ownersConfigs(place, secret));
    openVault(pinned.config, secret, systemEnvironment().random);
    return byFile;
  });
  return byFile === byPassphrase ? byFile : `${byFile}, ${byPassphrase}`;
}

interface Listing {
  readonly images: Readonly<Record<ImageName, string>>;
  readonly codes: readonly string[];
}

async function listing({ images }: PreparedStore, store: StoreInMemory): Promise<Listing> {
  const { library } = await store.process();
  const state = await library.load();
  const stateOf = (name: ImageName) => {
    const { publication } = images[name];
    const image = state.images.find((each) => each.publication === publication);
    if (image === undefined) return 'absent';
    return [image.removed ? 'removed' : 'live', ...image.tags, ...Object.keys(image.labels)].join('+');
  };
  const states = Object.fromEntries(IMAGE_NAMES.map((name) => [name, stateOf(name)]));
  return { images: states as Listing['images'], codes: state.unreadable.map(({ code }) => code) };
}

const usualListings = new Map<PreparedStore, Promise<Listing>>();

function usualOf(prepared: PreparedStore): Promise<Listing> {
  const usual = usualListings.get(prepared) ?? listing(prepared, prepared.store);
  usualListings.set(prepared, usual);
  return usual;
}

function difference(usual: Listing, now: Listing): string {
  const changed = IMAGE_NAMES.filter((name) => usual.images[name] !== now.images[name]);
  const said = changed.map((name) => `${name} ${now.images[name]}`);
  return [...said, ...[...new Set(now.codes)].map((code) => `(${code})`)].join(' ') || 'as it was';
}

/** The removed one counts as well. */
async function imagesHurt(
  { images }: PreparedStore,
  store: StoreInMemory,
  touched: readonly string[],
  check: Check,
): Promise<readonly ImageName[]> {
  const hurt: ImageName[] = [];
  let engine: Engine | undefined;
  for (const name of IMAGE_NAMES) {
    const { publication, bytes } = images[name];
    try {
      engine ??= await store.process();
      const read = await bytesOf(engine, publication);
      check(read.equals(bytes), `${name} came back with other bytes`);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const { message, details } = error;
      const isNamed = names([...touched, publication], { message }) || details.chunk !== undefined;
      check(isNamed, `nothing is named: ${message}`);
      hurt.push(name);
    }
  }
  return hurt;
}

async function codeOr(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.code;
  }
}

function codesOf({
  problems,
  hints,
}: {
  readonly problems: readonly { readonly code: string }[];
  readonly hints: readonly { readonly code: string }[];
}): string {
  const odd = hints.filter(({ code }) => code !== 'source-read-errors');
  const found = [...problems.map(({ code }) => code), ...odd.map(({ code }) => `(${code})`)];
  return [...new Set(found)].sort().join(' ') || 'nothing';
}
