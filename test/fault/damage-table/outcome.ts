/**
 * What the operations make of a hurt store, told in words that the table can expect. What must hold for every row, whatever
 * it expects, is checked here:
 *
 *   - an image that was whole stays whole, through captures, gc and repairs
 *   - after a repair exactly those ranges are lost that a restore cannot give, and gc goes through
 *   - a repair from a copy that is whole brings back every byte of every image
 *   - a capture of the same content heals what it holds, and gc then drops what was recorded as lost
 */
import { exitCodeOf } from '../../../cli/findings-text.js';
import { StoreError } from '../../../src/errors.js';
import type { Problem, ScrubResult } from '../../../src/interface.js';
import { bytesOf, type StoreInMemory } from '../../support/memory-engine.js';
import { seededBytes } from '../../support/seeded-disk.js';
import { type Case, hurt } from './actions.js';
import { IMAGE_NAMES, type ImageName, type PreparedStore } from './prepared-store.js';

/** `nothing`, or codes in alphabetical order; those of hints in parentheses. */
type Findings = string;

/** A row of the table in the document, column by column. */
export interface Outcome {
  readonly verify: Findings;
  readonly scrub: Findings;
  readonly exit: string;
  /** Images that do not come back. */
  readonly hurt: string;
  /** `works`, or the code of an error. */
  readonly capture: string;
  readonly gc: string;
  readonly index: string;
  /** What a scrub finds after one with --repair, and which images do not come back after that. */
  readonly repaired: Findings;
  readonly lost: string;
  /** What a scrub finds after one with --repair --from a copy that is whole. */
  readonly mirrored: Findings;
}

export type Check = (holds: boolean, what: string) => void;

const NEW_DISK = seededBytes('beside', 30_000);

export async function outcomeOf(prepared: PreparedStore, each: Case, check: Check): Promise<Outcome> {
  const damaged = prepared.store.copy();
  hurt(prepared, damaged.place, each);
  const repair = damaged.copy();
  const mirror = damaged.copy();
  const verified = await damaged.verify();
  const seen = await damaged.scrub();
  const hurtImages = await imagesHurt(prepared, damaged);
  const index = await unreadPacks(damaged);
  const capture = await codeOf(() => damaged.capture(NEW_DISK, 'beside'));
  const gc = await codeOf(() => damaged.gc());
  const after = await imagesHurt(prepared, damaged);
  check(
    after.every((image) => hurtImages.includes(image)),
    `gc beside damage hurt ${after}`,
  );
  return {
    verify: codesOf(verified),
    scrub: codesOf(seen),
    exit: String(exitCodeOf(seen)),
    hurt: listed(hurtImages),
    capture,
    gc,
    index,
    ...(await repairAlone(prepared, repair, hurtImages, check)),
    ...(await repairFrom(prepared, mirror, check)),
  };
}

async function repairAlone(
  prepared: PreparedStore,
  store: StoreInMemory,
  hurtBefore: readonly ImageName[],
  check: Check,
): Promise<Pick<Outcome, 'repaired' | 'lost'>> {
  const first = await store.scrub({ repair: true });
  const second = await store.scrub();
  const lost = await imagesHurt(prepared, store);
  check(
    lost.every((image) => hurtBefore.includes(image)),
    `repair hurt ${lost}`,
  );
  await checkRanges(prepared, store, first, check);
  const gc = await codeOf(() => store.gc());
  const stops = second.problems.some(({ code }) => code !== 'chunk-missing');
  check((gc === 'works') === !stops, `gc after a repair: ${gc}`);
  const after = await imagesHurt(prepared, store);
  check(after.length <= lost.length, `gc after repair hurt ${after}`);
  if (gc === 'works' && second.problems.some(({ code }) => code === 'chunk-missing')) {
    for (const name of IMAGE_NAMES) await store.capture(prepared.images[name].bytes, `again-${name}`);
    const { problems } = await store.verify();
    check(problems.length === 0, `a capture of the same content heals: ${problems[0]?.message}`);
    await store.gc();
    check(store.place.keysIn('lost').length === 0, 'gc drops what is lost no more');
  }
  return { repaired: codesOf(second), lost: listed(lost) };
}

async function repairFrom(
  prepared: PreparedStore,
  store: StoreInMemory,
  check: Check,
): Promise<Pick<Outcome, 'mirrored'>> {
  await store.scrub({ repair: true }, prepared.store.copy());
  const second = await store.scrub();
  const gc = await codeOf(() => store.gc());
  check((gc === 'works') === (second.problems.length === 0), `gc after a repair from a mirror: ${gc}`);
  const lost = await imagesHurt(prepared, store);
  check(lost.length === 0, `a repair from a mirror lost ${lost}`);
  return { mirrored: codesOf(second) };
}

/** Ranges that a repair says are lost are those that a restore cannot give, and all else is what was captured. */
async function checkRanges(
  { images }: PreparedStore,
  store: StoreInMemory,
  { problems }: ScrubResult,
  check: Check,
): Promise<void> {
  const { library } = await store.process();
  for (const [name, { id, publication, bytes }] of Object.entries(images)) {
    const image = (await library.load()).images.find((each) => each.publication === publication);
    if (image === undefined || image.removed) continue;
    const restored = await store.restore(`@${id}`, { onDamage: 'zero' }).catch(unlessStoreError);
    if (restored === undefined) continue;
    const { damagedRanges } = restored.result;
    const told = merged(problems.filter(({ image: of }) => of?.endsWith(`@${id}`)));
    check(
      JSON.stringify(told) === JSON.stringify(merged(damagedRanges)),
      `${name} has lost ${JSON.stringify(damagedRanges)}, scrub says ${JSON.stringify(told)}`,
    );
    const expected = Buffer.from(bytes);
    for (const { offset, length } of damagedRanges) expected.fill(0, offset, offset + length);
    check(restored.bytes.equals(expected), `what was restored of ${name} is what was captured`);
  }
}

function merged(
  ranges: readonly { readonly offset?: number; readonly length?: number }[],
): readonly (readonly [number, number])[] {
  const out: [number, number][] = [];
  const placed = ranges.filter(({ offset, length }) => offset !== undefined && length !== undefined);
  for (const { offset, length } of placed.sort((a, b) => a.offset! - b.offset!)) {
    const last = out.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += length!;
    else out.push([offset!, length!]);
  }
  return out;
}

/** The removed one counts as well. */
async function imagesHurt({ images }: PreparedStore, store: StoreInMemory): Promise<ImageName[]> {
  const hurtImages: ImageName[] = [];
  const engine = await store.process();
  for (const name of IMAGE_NAMES) {
    const { publication, bytes } = images[name];
    const read = await bytesOf(engine, publication).catch(unlessStoreError);
    if (read === undefined) hurtImages.push(name);
    else if (!read.equals(bytes)) throw new Error(`${name} came back with other bytes`);
  }
  return hurtImages;
}

function unlessStoreError(error: unknown): undefined {
  if (!(error instanceof StoreError)) throw error;
  return undefined;
}

/** An index made anew does without packs whose footers cannot be believed. */
async function unreadPacks(store: StoreInMemory): Promise<string> {
  const { refreshed } = await (await store.process()).refreshCatalog({});
  return refreshed.unreadable.length === 0 ? 'works' : `without ${refreshed.unreadable.length}`;
}

export async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'works';
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.code;
  }
}

function codesOf({
  problems,
  hints,
}: {
  readonly problems: readonly Problem[];
  readonly hints: readonly { readonly code: string }[];
}): Findings {
  const odd = hints.filter(({ code }) => code !== 'source-read-errors'); // scarred is as it should be
  const found = [...problems.map(({ code }) => code as string), ...odd.map(({ code }) => `(${code})`)];
  return [...new Set(found)].sort().join(' ') || 'nothing';
}

function listed(images: readonly ImageName[]): string {
  return images.join(' ') || 'none';
}
