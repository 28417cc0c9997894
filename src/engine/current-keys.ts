/**
 * Whether an image that is signed now will count. Others may have changed the store's keys since it was opened, and nobody
 * should read a disk for hours to publish an image that resolves under no name.
 */
import { StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';
import { matcherOf } from '../system/name-patterns.js';
import { readConfig } from './config-records.js';

/** @throws key-wrong, conflict, rolled-back, object-damaged: what cannot be read may say that the key was removed */
export async function requireCurrentKeys(objects: ObjectStore): Promise<void> {
  const { vault, location } = objects;
  if (vault === undefined) return;
  const { slot, generation, writer } = vault.keyring;
  const { config, damage } = await readConfig(objects);
  if (damage !== undefined) throw damage;
  const { encryption } = config;
  if (encryption?.grants[slot] === undefined) {
    const message = `The key "${writer}" opens ${location} no more: it was removed; ask for another`;
    throw new StoreError('key-wrong', message, { store: location });
  }
  if (encryption.generation === generation) return;
  const message = `The keys of ${location} were rotated since it was opened: open it again`;
  throw new StoreError('conflict', message, { store: location });
}

/**
 * For whoever takes what does not open for damage: it may be sealed or signed with keys that came after the store was opened.
 * Each change of keys grants all with full access anew.
 *
 * @throws conflict
 */
export async function requireSameKeys(objects: ObjectStore): Promise<void> {
  const { vault, location } = objects;
  if (vault === undefined) return;
  const { slot, grant } = vault.keyring;
  const { encryption } = (await readConfig(objects)).config;
  if (encryption?.grants[slot]?.sealed === grant) return;
  const message = `The keys of ${location} were changed since it was opened, so that what does not open need not be damaged: run the command again`;
  throw new StoreError('conflict', message, { store: location });
}

/** @throws key-forbids */
export function requireOwnName(objects: ObjectStore, name: string): void {
  const { vault, location } = objects;
  if (vault === undefined || vault.canRead) return;
  const { writer, writers } = vault.keyring;
  const patterns = writers.findLast((other) => other.name === writer)?.names ?? [];
  if (patterns.some((pattern) => matcherOf(pattern)(name))) return;
  const own = patterns.length === 0 ? 'none' : `those named ${patterns.join(', ')}`;
  const message = `The key "${writer}" may add no images of "${name}" to ${location}: it may add ${own}`;
  throw new StoreError('key-forbids', message, { reference: name });
}
