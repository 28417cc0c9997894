/** A store whose images were captured when the test says: copies of one manifest with names, sequences and times of their own. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Engine } from '../../src/engine/engine.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { readManifest } from '../../src/images/image-heads.js';
import { encodeManifest, imageKey, type PubId, toHex } from '../../store-format/index.js';
import { GcStore } from '../gc/gc-store.js';
import { seededBytes } from '../support/seeded-disk.js';

export interface DatedImage {
  readonly name: string;
  /** What the machine's clock said. */
  readonly createdMs: number;
  /** What the place's clock says; that of the machine by default. */
  readonly appearedMs?: number;
}

/** @returns the store, and the publications of its images in the order given, which is that of the captures */
export async function datedStore(
  t: ExecutionContext,
  images: readonly DatedImage[],
): Promise<{ readonly store: GcStore; readonly engine: Engine; readonly publications: readonly string[] }> {
  const store = await GcStore.make(t);
  const engine = await store.process();
  const template = await store.capture(seededBytes('dated', 4096), 'template');
  const { header, ...rest } = await readManifest(engine.objects, template.publication as PubId);
  const sequences = new Map<string, number>();
  const publications: string[] = [];
  for (const { name, createdMs, appearedMs = createdMs } of images) {
    const sequence = 1 + (sequences.get(name) ?? 0);
    sequences.set(name, sequence);
    const [pubId, imageId] = [toHex(engine.environment.random(16)), toHex(engine.environment.random(16))];
    const own = { ...header, name, sequence, createdMs, startedMs: createdMs, pubId, imageId };
    await engine.objects.claim(imageKey(pubId as PubId), encodeManifest({ ...rest, header: own }, blake3));
    utimesSync(join(store.folder, imageKey(pubId as PubId)), appearedMs / 1000, appearedMs / 1000);
    publications.push(pubId);
  }
  await store.remove('template');
  return { store, engine: await store.process(), publications };
}
