/**
 * What the table of DAMAGE.md expects of a case. The document is the test's own source, so the two cannot part: every
 * case has exactly one row, and every row has a case.
 */
import { readFileSync } from 'node:fs';
import { type Case, casesOf } from './actions.js';
import type { KindName } from './kinds.js';
import type { Outcome } from './outcome.js';

const DOCUMENT = new URL('../../../DAMAGE.md', import.meta.url);
/** In the order of the document's columns, behind those that say what was hurt and how. */
const COLUMNS = [
  'verify',
  'scrub',
  'exit',
  'hurt',
  'capture',
  'gc',
  'index',
  'repaired',
  'lost',
  'mirrored',
] as const satisfies readonly (keyof Outcome)[];
const OTHER = 'any other';

export interface Row<Expected = Outcome> {
  readonly kind: string;
  /** `flip row`, `delete`; or that it is for all that no other row names. */
  readonly damages: readonly string[] | typeof OTHER;
  readonly expected: Expected;
}

export const readTable = (): readonly Row[] => readRows<Outcome>(DOCUMENT, COLUMNS);

/** Of the table with so many columns. */
export function readRows<Expected>(
  document: URL,
  columns: readonly (keyof Expected & string)[],
): readonly Row<Expected>[] {
  const rows: Row<Expected>[] = [];
  for (const line of readFileSync(document, 'utf8').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    if (!line.startsWith('| ') || cells.length !== columns.length + 4 || cells[1] === 'object') continue;
    const [, object, damage, ...found] = cells;
    const kind = object === '' ? rows.at(-1)!.kind : object!;
    const expected = Object.fromEntries(columns.map((column, i) => [column, found[i]])) as Expected;
    rows.push({ kind, damages: damage === OTHER ? OTHER : damage!.split(', '), expected });
  }
  return rows;
}

/** With keys, some damages act as others do without. */
interface Likeness {
  readonly kinds: readonly string[];
  readonly damages: readonly string[];
  readonly like: string;
}

const EVERY = 'every object';

export function readLikenesses(): readonly Likeness[] {
  return readFileSync(DOCUMENT, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(
      ([, , damage, like, ...rest]) =>
        rest.length === 1 && like !== '' && damage !== 'damage' && !damage?.startsWith('-'),
    )
    .map(([, kinds, damages, like]) => ({
      kinds: kinds!.split(', '),
      damages: damages!.split(', '),
      like: like!,
    }));
}

export const nameOf = ({ action, region }: Case): string =>
  region === 'all' ? action : `${action} ${region}`;

/** Whether the document names this damage to a store with keys, and does not leave it to the table of those without. */
export function isNamed(likenesses: readonly Likeness[], each: Case): boolean {
  return likenessOf(likenesses, each) !== undefined;
}

function likenessOf(likenesses: readonly Likeness[], each: Case): string | undefined {
  const isMeant = ({ kinds, damages }: Likeness) =>
    (kinds[0] === EVERY || kinds.includes(each.kind)) && damages.includes(nameOf(each));
  return each.store === 'keyed' ? likenesses.find(isMeant)?.like : undefined;
}

/** @throws when the table has none or several */
export function rowOf(rows: readonly Row[], likenesses: readonly Likeness[], each: Case): Row {
  const name = likenessOf(likenesses, each) ?? nameOf(each);
  const isNamedRow = rows.some(
    ({ kind, damages }) => kind === each.kind && damages !== OTHER && damages.includes(name),
  );
  return rowFor(rows, each.kind, isNamedRow ? name : (otherLikeness(likenesses, each) ?? name));
}

/** With keys, all that no row of its own expects may act as something else does without. */
function otherLikeness(likenesses: readonly Likeness[], { store, kind }: Case): string | undefined {
  const isMeant = ({ kinds, damages }: Likeness) => kinds.includes(kind) && damages.includes(OTHER);
  return store === 'keyed' ? likenesses.find(isMeant)?.like : undefined;
}

/** @throws when the table has none or several */
export function rowFor<Expected>(
  rows: readonly Row<Expected>[],
  ofKind: string,
  damage: string,
): Row<Expected> {
  const own = rows.filter(({ kind }) => kind === ofKind);
  const named = own.filter(({ damages }) => damages !== OTHER && damages.includes(damage));
  const found = named.length > 0 ? named : own.filter(({ damages }) => damages === OTHER);
  if (found.length !== 1) throw new Error(`${found.length} rows expect "${damage}" of a ${ofKind}`);
  return found[0]!;
}

/** Damages in the table that cannot be done. */
export function unknownDamages(rows: readonly Row[], kinds: readonly KindName[]): readonly string[] {
  return rows.flatMap(({ kind, damages }) => {
    if (!kinds.includes(kind as KindName)) return [`a ${kind}`];
    if (damages === OTHER) return [];
    const possible = casesOf(kind as KindName, 'open').map(nameOf);
    return damages.filter((damage) => !possible.includes(damage)).map((damage) => `${damage} of a ${kind}`);
  });
}

/** The same of likenesses. */
export function unknownLikenesses(
  likenesses: readonly Likeness[],
  all: readonly KindName[],
): readonly string[] {
  return likenesses.flatMap(({ kinds, damages, like }) =>
    (kinds[0] === EVERY ? all : kinds).flatMap((kind) => {
      if (!all.includes(kind as KindName)) return [`a ${kind}`];
      const possible = casesOf(kind as KindName, 'keyed').map(nameOf);
      const unknown = damages.filter((damage) => damage !== OTHER && !possible.includes(damage));
      const isLike =
        like === OTHER ||
        casesOf(kind as KindName, 'open')
          .map(nameOf)
          .includes(like);
      return [...unknown, ...(isLike ? [] : [like])].map((damage) => `${damage} of a ${kind}`);
    }),
  );
}
