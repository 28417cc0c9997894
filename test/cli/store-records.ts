/** Records that a test puts into a store: what another process, or one that died, would have left there. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blake3 } from '../../src/hashing/blake3.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import type { Hold } from '../../src/objects/object-store.js';
import {
  encodeRecord,
  type GcRecord,
  gcKey,
  type Lease,
  type LeaseId,
  leaseKey,
  type RecordKind,
} from '../../store-format/index.js';

export const newId = () => randomBytes(16).toString('hex');

export function leaseRecord(id: string, purpose = 'capture', images: readonly string[] = []): Lease {
  const command = `${purpose} by a test`;
  return {
    id,
    purpose,
    startedMs: Date.now(),
    host: 'test-host',
    pid: 1,
    command,
    images: [...images],
    beat: 0,
  };
}

export async function writeRecord(
  store: string,
  key: string,
  kind: RecordKind,
  value: unknown,
): Promise<void> {
  await writeFile(join(store, key), encodeRecord(kind, key, value, blake3));
}

/** A lease that nobody holds: its holder was killed. */
export async function leaveLease(
  store: string,
  id: string,
  purpose?: string,
  images?: readonly string[],
): Promise<void> {
  await writeRecord(store, leaseKey(id as LeaseId), 'lease', leaseRecord(id, purpose, images));
}

/** A lease that this process holds until it is released. */
export async function holdLease(store: string, id: string, purpose?: string): Promise<Hold> {
  const key = leaseKey(id as LeaseId);
  const objects = await FolderStore.open(store, randomBytes(8).toString('hex'));
  return objects.hold(key, encodeRecord('lease', key, leaseRecord(id, purpose), blake3));
}

export async function writeGcRecord(store: string, n: number, record: GcRecord): Promise<void> {
  await writeRecord(store, gcKey(n), 'gc', record);
}
