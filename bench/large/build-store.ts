/** Fills a store with tiny chunks through the pack writer that captures use, under a lease, in full packs. */
import { compressBound, compressFrame } from '../../src/compression/zstd.js';
import { HeldLease } from '../../src/engine/lease.js';
import { systemEnvironment } from '../../src/environment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import { EntryKind, PackKind } from '../../store-format/index.js';
import { openCatalog } from './open-catalog.js';
import { TinyChunkSource } from './tiny-chunks.js';

/** Two frames make a full pack. */
const FRAME_CHUNKS = 8192;
const LEVEL = 3;
const CHUNKS_PER_LINE = 1_000_000;

export async function buildStore(store: string, chunks: number, seed: string): Promise<void> {
  const environment = systemEnvironment();
  const { objects, slot, catalog } = await openCatalog(store);
  const lease = await HeldLease.take(objects, environment, 'bench');
  const onPack = (tail: Parameters<typeof catalog.addOwn>[0]) => catalog.addOwn(tail);
  const writer = new PackWriter({ objects, environment, kind: PackKind.data, lease: lease.id, onPack });
  const source = new TinyChunkSource(seed);
  for (let first = 0; first < chunks; first += FRAME_CHUNKS) {
    const { plain, lengths, ids } = source.make(first, Math.min(FRAME_CHUNKS, chunks - first));
    const out = Buffer.allocUnsafeSlow(compressBound(plain.length));
    const { codec, bytes } = compressFrame(plain, LEVEL, out);
    const hash = blake3(bytes);
    const plainBytes = plain.length;
    await writer.append({ kind: EntryKind.chunk, codec, plainBytes, stored: bytes, hash, lengths, ids });
    const line = Math.floor((first + FRAME_CHUNKS) / CHUNKS_PER_LINE);
    if (line > Math.floor(first / CHUNKS_PER_LINE)) console.error(`  ${line} million chunks`);
  }
  await writer.finish();
  await lease.release();
  await slot.close();
}
