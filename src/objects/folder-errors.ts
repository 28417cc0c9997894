import { errnoOf, messageOf, StoreError } from '../errors.js';

/** What fails then leaves the store as it was. */
const READING: ReadonlySet<string> = new Set(['Cannot read', 'Cannot list', 'Cannot lock']);

/** System errors as users should see them. */
export function asStoreError(error: unknown, object: string, what: string): unknown {
  const errno = errnoOf(error);
  if (error instanceof StoreError || errno === undefined) return error;
  const details = { object, errno };
  const message = `${what} ${object}: ${messageOf(error)}`;
  const isRead = READING.has(what);
  switch (errno) {
    case 'ENOENT':
      return new StoreError('object-missing', `${what} ${object}: it is not there`, details, {
        cause: error,
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreError(
        'no-space',
        `${what} ${object}: no space left in the store; free some, then run the same command again`,
        details,
        { cause: error },
      );
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new StoreError(isRead ? 'object-unreadable' : 'store-read-only', message, details, {
        cause: error,
      });
    case 'EIO':
      return new StoreError(isRead ? 'object-unreadable' : 'io-failed', message, details, { cause: error });
    default:
      return new StoreError('io-failed', message, details, { cause: error });
  }
}
