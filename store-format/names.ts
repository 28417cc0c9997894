import * as v from 'valibot';
import { NAME_MAX_BYTES } from './limits.js';

/**
 * Names and tags: letters, digits and `._-`, NFC, at most 255 bytes, starting with a letter or digit, so that `:`,
 * `~` and `@` stay free for references. They never stand in paths.
 */
export function isName(text: string): boolean {
  // Its length first: to bring a text into normal form may take the square of the time to read it.
  return (
    text.length <= NAME_MAX_BYTES &&
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u.test(text) &&
    text === text.normalize('NFC') &&
    Buffer.byteLength(text) <= NAME_MAX_BYTES
  );
}

export const NameSchema = v.pipe(
  v.string(),
  v.check(isName, 'expected letters, digits, ".", "_" or "-", at most 255 bytes'),
);

const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));

export const Hex8Schema = hex(8);
export const Hex16Schema = hex(16);
export const Hex32Schema = hex(32);
export const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Free text that people wrote. */
export const TextSchema = v.pipe(v.string(), v.maxLength(65_536));

/** One is told; a list of all may be much longer than the payload. */
const FIRST_ISSUE = { abortEarly: true } as const;

/**
 * A map with keys of people's choosing. Unlike `v.record` it keeps keys such as "constructor" and "prototype", which
 * are honest names of tags and labels.
 */
export function mapOf<T>(
  keys: v.GenericSchema<unknown, string>,
  values: v.GenericSchema<unknown, T>,
): v.GenericSchema<Record<string, T>> {
  return v.pipe(
    v.custom<Record<string, T>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      for (const key of Object.keys(dataset.value)) {
        const { issues } = v.safeParse(keys, key, FIRST_ISSUE);
        const [issue] = issues ?? v.safeParse(values, dataset.value[key], FIRST_ISSUE).issues ?? [];
        if (issue) return addIssue({ message: `${key}: ${issue.message}` });
      }
    }),
  );
}

export const LabelKeySchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(255),
  v.notValue('__proto__', 'that word is taken'),
);
export const LabelsSchema = mapOf(LabelKeySchema, TextSchema);
