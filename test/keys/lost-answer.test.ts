/** A publish whose answer was lost is told for what it was, though what was sealed once is never sealed to the same bytes again. */
import test from 'ava';
import { capture } from '../../src/capture/capture.js';
import { StoreError } from '../../src/errors.js';
import { decodeSlotSecret } from '../../src/keys/slot-secret.js';
import { OpenStoreKeys } from '../../src/keys/store-keys.js';
import type { Claim } from '../../src/objects/object-store.js';
import { WrappedStore } from '../simulation/wrapped-store.js';
import { inPieces } from '../support/library-store.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { seededDisk } from '../support/seeded-disk.js';

/** Of claims in `images/`, which happen and are not answered, or do not happen. */
class Unreliable extends WrappedStore {
  claims = 0;

  constructor(
    real: ConstructorParameters<typeof WrappedStore>[0],
    private readonly happens: boolean,
  ) {
    super(real);
  }

  override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    if (!key.startsWith('images/') || this.claims++ > 0) return super.claim(key, bytes);
    if (this.happens) await super.claim(key, bytes);
    throw new StoreError('io-failed', `Cannot write ${key}: the answer was lost`, { object: key });
  }
}

async function writeOnlySlot(store: StoreInMemory) {
  let text = '';
  const onKey = async (key: string) => {
    text = key;
  };
  await new OpenStoreKeys(await store.process(), store.secret!).add({
    label: 'web',
    writeOnly: { names: ['web'] },
    onKey,
  });
  return decodeSlotSecret(text);
}

for (const access of ['full', 'write-only'] as const) {
  test(`a publish that happened succeeds, and one that did not fails as it did: ${access}`, async (t) => {
    for (const happens of [true, false]) {
      const store = await StoreInMemory.makeKeyed();
      const slot = access === 'full' ? store.secret! : await writeOnlySlot(store);
      let place: Unreliable | undefined;
      const wrap = (real: ConstructorParameters<typeof WrappedStore>[0]) => {
        place = new Unreliable(real, happens);
        return place;
      };
      const run = capture(
        await store.process({ wrap, slot }),
        inPieces(seededDisk('disk', 100_000)),
        'web',
        {},
      );
      if (happens) t.is((await run).image!.name, 'web');
      else await t.throwsAsync(run, { code: 'io-failed' });
      t.is(place!.claims, 2);
      t.is((await (await store.process()).library.list()).length, happens ? 1 : 0);
    }
  });
}
