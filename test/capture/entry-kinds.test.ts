/** A chunk may hold the very bytes whose hash is a recipe's id: neither may be taken for the other. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createChunker, scanSegment } from '../../src/chunking/scan-segment.js';
import { blake3 as native } from '../../src/hashing/blake3.js';
import { RECIPE_DOMAIN } from '../../store-format/index.js';
import { inPieces, newLibraryStore, openLibraryStore, restoredBytes } from '../support/library-store.js';
import { seededBytes } from '../support/seeded-disk.js';

const victim = seededBytes('a small disk', 3000);
const chunker = createChunker(
  {
    algorithm: 'fastcdc',
    minBytes: 4096,
    averageBytes: 16_384,
    maxBytes: 65_536,
    holeBlocks: 1,
    gearSeed: '0'.repeat(64),
  },
  native,
);
/** One chunk, with the id of the victim's recipe. */
const lookalike = Buffer.concat([RECIPE_DOMAIN, scanSegment(victim, chunker).recipe.bytes]);

for (const [name, first, second] of [
  ['a chunk after the recipe that it looks like', victim, lookalike],
  ['a recipe after the chunk that looks like it', lookalike, victim],
] as const) {
  test(`${name} is stored`, async (t) => {
    const { store, location } = await newLibraryStore(t);
    await store.capture(inPieces(first), 'first', { parent: false });
    await store.capture(inPieces(second), 'second', { parent: false });
    t.true((await restoredBytes(store, 'first')).equals(first));
    t.true((await restoredBytes(store, 'second')).equals(second));
    t.deepEqual((await store.verify()).problems, []);
    await store.close();
    const { store: again } = await openLibraryStore(t, location);
    t.true((await restoredBytes(again, 'first')).equals(first));
    t.true((await restoredBytes(again, 'second')).equals(second));
  });
}

test('an image is published although the index cannot be written any more', async (t) => {
  const { store, location } = await newLibraryStore(t);
  await store.capture(inPieces(victim), 'web');
  await store.close();
  const { store: next } = await openLibraryStore(t, location);
  // What LevelDB is made of becomes unreadable under it: folders stand where its files should be.
  for (const name of readdirSync(join(location, 'index', 'v1', 'base'))) {
    if (name.endsWith('.ldb')) writeFileSync(join(location, 'index', 'v1', 'base', name), 'no table');
  }
  const disk = seededBytes('another disk', 700_000);
  const { image } = await next.capture(inPieces(disk), 'web');
  t.truthy(image);
  t.true((await restoredBytes(next, 'web')).equals(disk));
});
