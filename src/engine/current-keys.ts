/** Whether what is signed now will count: of a store that others may have opened with newer keys since. */
import { StoreError } from '../errors.js';
import { keyForbids } from '../objects/key-forbids.js';
import type { ObjectStore } from '../objects/object-store.js';
import { matcherOf } from '../system/name-patterns.js';
import { readConfig } from './config-records.js';

/**
 * An image that somebody else's key has signed resolves under no name: nobody should read a disk for hours to publish one.
 *
 * @throws key-wrong, key-forbids, conflict
 */
export async function requireMayPublish(objects: ObjectStore, name: string): Promise<void> {
  const { vault, location } = objects;
  if (vault === undefined) return;
  const { slot, generation, access, writer, writers } = vault.keyring;
  const { encryption } = (await readConfig(objects)).config;
  if (encryption?.grants[slot] === undefined)
    throw new StoreError(
      'key-wrong',
      `The key "${writer}" opens ${location} no more: it was removed; ask for another`,
    );
  if (encryption.generation !== generation)
    throw new StoreError(
      'conflict',
      `The keys of ${location} were rotated since it was opened: open it again`,
    );
  if (access === 'full') return;
  const names = writers.findLast((other) => other.name === writer)?.names ?? [];
  if (names.some((pattern) => matcherOf(pattern)(name))) return;
  const { message, details } = keyForbids(objects);
  const which = names.length === 0 ? 'no name' : names.map((pattern) => `"${pattern}"`).join(', ');
  throw new StoreError(
    'key-forbids',
    `"${name}" is not for this machine, which adds images of ${which}: ${message}`,
    {
      ...details,
      reference: name,
    },
  );
}
