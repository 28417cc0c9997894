/** The last steps of whoever makes an image, and what its name says of it (SPEC.md, section 12, "Capture", 6 to 8). */
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  type PackId,
  type PubId,
  pubIdOf,
} from '../../store-format/index.js';
import { requireCurrentKeys } from '../engine/current-keys.js';
import type { Engine } from '../engine/engine.js';
import type { HeldLease } from '../engine/lease.js';
import { blake3 } from '../hashing/blake3.js';
import { isAllowed, nextSequence, readNameRecord } from '../images/name-records.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { settlePacks } from '../packs/settle-packs.js';

export interface Publication {
  readonly engine: Engine;
  readonly catalog: PackCatalog;
  readonly lease: HeldLease;
  /** Packs that hold what the image needs: its writer's own, which are durable, and others'. */
  readonly relied: ReadonlySet<PackId>;
  readonly signal: AbortSignal | undefined;
}

/** @throws conflict, lease-broken, key-wrong, the signal's reason */
export async function publishImage(
  { engine, catalog, lease, relied, signal }: Publication,
  manifest: Manifest,
): Promise<void> {
  const { header } = manifest;
  const bytes = encodeManifest(manifest, blake3);
  decodeManifest(bytes, header.pubId as PubId, blake3); // what nobody can read must not be published
  await settlePacks(engine.objects, relied);
  signal?.throwIfAborted();
  // What a machine that may only write signs with a key that has ended counts for nothing. Whoever ends it looks for images
  // behind that; so it looks whether it was ended behind its image.
  const mayEnd = engine.objects.vault?.canRead === false;
  if (mayEnd) await requireCurrentKeys(engine.objects);
  await lease.publish(bytes);
  if (mayEnd) await requireCurrentKeys(engine.objects);
  await engine.memory?.published(header.name, pubIdOf(header));
  await catalog.index.addCover(pubIdOf(header), [...relied]).catch(() => undefined); // it only saves time
}

/** A manifest that cannot be read may be the name's newest: writers stop, readers may go on. */
export async function sequenceOf(engine: Engine, name: string): Promise<number> {
  const { headers, unreadable } = await engine.library.heads();
  if (unreadable[0] !== undefined) throw unreadable[0];
  const record = await readNameRecord(engine.objects, name);
  return nextSequence(
    headers.filter((header) => header.name === name && isAllowed(header)),
    record,
  );
}
