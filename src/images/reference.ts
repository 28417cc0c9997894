import * as v from 'valibot';
import { isName, LabelsSchema, TextSchema } from '../../store-format/index.js';
import { StoreError } from '../errors.js';

/** `web`, `web~1`, `web:stable`, `web@3f2a` or `@3f2a`. */
export type Reference =
  | { readonly kind: 'version'; readonly name: string; readonly back: number }
  | { readonly kind: 'tag'; readonly name: string; readonly tag: string }
  | { readonly kind: 'id'; readonly name?: string; readonly prefix: string };

/**
 * More than any name and tag have, however their letters are composed. To bring a text into normal form may take the
 * square of the time to read it.
 */
const MAX_REFERENCE_LENGTH = 4096;

/** @throws bad-reference */
export function parseReference(text: string): Reference {
  const match = /^([^:~@]*)(?:~([0-9]{1,6})|:([^:~@]+)|@([0-9a-f]{1,32}))?$/u.exec(normalForm(text));
  if (match !== null) {
    const [, name = '', back, tag, prefix] = match;
    if (prefix !== undefined && name === '') return { kind: 'id', prefix };
    if (isName(name)) {
      if (prefix !== undefined) return { kind: 'id', name, prefix };
      if (tag === undefined) return { kind: 'version', name, back: Number(back ?? 0) };
      if (isName(tag)) return { kind: 'tag', name, tag };
    }
  }
  throw new StoreError(
    'bad-reference',
    `"${text}" is no image reference; use NAME, NAME~1 (the one before), NAME:TAG, NAME@ID or @ID`,
    { reference: text },
  );
}

/** What is too long stays as it is, and is no name. */
function normalForm(text: string): string {
  return text.length > MAX_REFERENCE_LENGTH ? text : text.normalize('NFC');
}

/** A name or tag in its normal form. @throws bad-name */
export function checkName(text: string, what: 'name' | 'tag'): string {
  const normal = normalForm(text);
  if (isName(normal)) return normal;
  throw new StoreError(
    'bad-name',
    `"${text}" cannot be a ${what}: use letters, digits, ".", "_" and "-", at most 255 bytes`,
    { reference: text },
  );
}

/** What people say about an image fits into its manifest and its name's record. @throws bad-setting */
export function checkWords(words: {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly description?: string | undefined;
  readonly sourceName?: string | undefined;
}): void {
  const [issue] = v.safeParse(WordsSchema, words).issues ?? [];
  if (issue === undefined) return;
  const what = { labels: 'a label', description: 'the description', sourceName: "the source's name" };
  const place = what[v.getDotPath(issue)?.split('.')[0] as keyof typeof what];
  throw new StoreError(
    'bad-setting',
    `This cannot be ${place}: keys of labels have 1 to 255 characters, other text at most 65,536 (${shortened(issue.message)})`,
  );
}

const WordsSchema = v.object({
  labels: v.optional(LabelsSchema),
  description: v.optional(TextSchema),
  sourceName: v.optional(TextSchema),
});

function shortened(text: string): string {
  return text.length > 120 ? `…${text.slice(-100)}` : text;
}
