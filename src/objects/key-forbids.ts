import { StoreError, type StoreErrorDetails } from '../errors.js';
import type { ObjectStore } from './object-store.js';

/** For whoever may only add images, and asks for more. */
export function keyForbids(
  { location, vault }: Pick<ObjectStore, 'location' | 'vault'>,
  details: StoreErrorDetails = {},
): StoreError {
  const key = vault === undefined ? 'This key' : `The key "${vault.keyring.writer}"`;
  return new StoreError(
    'key-forbids',
    `${key} may only add images to ${location}, and reads none: use one with full access`,
    details,
  );
}

/** @throws key-forbids when these keys may only add images */
export function requireFullAccess(objects: Pick<ObjectStore, 'location' | 'vault'>): void {
  if (objects.vault?.canRead === false) throw keyForbids(objects);
}
