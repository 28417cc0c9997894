import type { Engine } from '../../src/engine/engine.js';
import { listPackIds } from '../../src/packs/list-packs.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import { readPackTail } from '../../src/packs/read-tail.js';
import { HASH_BYTES, type LeaseId, packKey } from '../../store-format/index.js';

/** What gc does to packs, without its care: all that every pack holds goes to a new one, and the old one away. */
export async function movePacks({ objects, environment }: Engine): Promise<void> {
  for (const pack of await listPackIds(objects, 'packs')) {
    const { footer } = await readPackTail(objects, pack);
    const writer = new PackWriter({
      objects,
      environment,
      kind: footer.kind,
      lease: '0'.repeat(32) as LeaseId,
      onPack: async () => undefined,
    });
    let first = 0;
    for (const frame of footer.frames) {
      const end = first + frame.entries;
      const range = { offset: frame.offset, length: frame.storedBytes };
      await writer.append({
        ...frame,
        stored: (await objects.get(packKey(pack), range)).bytes,
        lengths: [...footer.lengths.subarray(first, end)],
        ids: footer.ids.subarray(HASH_BYTES * first, HASH_BYTES * end),
      });
      first = end;
    }
    await writer.finish();
    await objects.delete(packKey(pack));
  }
}
