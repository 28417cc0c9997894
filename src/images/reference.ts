import { isName } from '../../store-format/index.js';
import { StoreError } from '../errors.js';

/** `web`, `web~1`, `web:stable`, `web@3f2a` or `@3f2a`. */
export type Reference =
  | { readonly kind: 'version'; readonly name: string; readonly back: number }
  | { readonly kind: 'tag'; readonly name: string; readonly tag: string }
  | { readonly kind: 'id'; readonly name?: string; readonly prefix: string };

/** @throws bad-reference */
export function parseReference(text: string): Reference {
  const match = /^([^:~@]*)(?:~([0-9]{1,6})|:([^:~@]+)|@([0-9a-f]{1,32}))?$/u.exec(text.normalize('NFC'));
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

/** A name or tag in its normal form. @throws bad-name */
export function checkName(text: string, what: 'name' | 'tag'): string {
  const normal = text.normalize('NFC');
  if (isName(normal)) return normal;
  throw new StoreError(
    'bad-name',
    `"${text}" cannot be a ${what}: use letters, digits, ".", "_" and "-", at most 255 bytes`,
    { reference: text },
  );
}
