/** What is told of an object that is sealed, or signed, as it must not be. */
import type { FormatError, FormatErrorCode } from '../../store-format/index.js';
import { StoreError } from '../errors.js';

const REMEDIES: { readonly [code in FormatErrorCode]?: string } = {
  'not-allowed': 'it was forged: delete the file',
  'unknown-key':
    'if keys were changed meanwhile, run the command again; else it was forged: put back a good copy',
};

export function unusable(key: string, cause: FormatError, canRead: boolean): StoreError {
  if (cause.code === 'bad-version')
    return new StoreError(
      'unsupported-format',
      `${key} cannot be used: ${cause.message}; use the version of doppel that wrote it`,
      { object: key },
      { cause },
    );
  if ((cause.code === 'bad-seal' || cause.code === 'unknown-key') && !canRead)
    return new StoreError(
      'key-forbids',
      `${key} cannot be opened with a key that may only write (${cause.message}); use one with full access`,
      { object: key },
      { cause },
    );
  return new StoreError(
    'object-damaged',
    `${key} cannot be used: ${cause.message}; ${REMEDIES[cause.code] ?? 'put back a good copy of the file'}`,
    { object: key, offset: cause.offset },
    { cause },
  );
}
