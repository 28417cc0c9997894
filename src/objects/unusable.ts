/** What is told of an object that is sealed, or signed, as it must not be. */
import type { FormatError } from '../../store-format/index.js';
import { StoreError } from '../errors.js';

export function unusable(key: string, cause: FormatError, canRead: boolean): StoreError {
  if (cause.code === 'bad-version')
    return new StoreError(
      'unsupported-format',
      `${key} cannot be used: ${cause.message}; use the version of doppel that wrote it`,
      { object: key },
      { cause },
    );
  if (cause.code === 'bad-seal' && !canRead)
    return new StoreError(
      'key-forbids',
      `${key} cannot be opened with a key that may only write (${cause.message}); use one with full access`,
      { object: key },
      { cause },
    );
  const remedy =
    cause.code === 'not-allowed' ? 'it was forged: delete the file' : 'put back a good copy of the file';
  return new StoreError(
    'object-damaged',
    `${key} cannot be used: ${cause.message}; ${remedy}`,
    { object: key, offset: cause.offset },
    { cause },
  );
}
