/** Key slots that rot: found by a scrub, not by who stands before a store that opens no more. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Store } from '../../src/index.js';
import { sealSlot } from '../../src/keys/passphrase.js';
import { decodeSlotSecret } from '../../src/keys/slot-secret.js';
import { encodeRecord, keySlotKey } from '../../store-format/index.js';
import { blake3 } from '../format/oracle.js';
import { library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { vaultOf } from '../support/vault-of.js';

const PASSPHRASE = 'slot by slot';

async function scene(t: ExecutionContext) {
  const folder = folderFor(t);
  const [location, mirror] = [join(folder, 'store'), join(folder, 'mirror')];
  let key = '';
  const onKey = async (text: string) => {
    key = text;
  };
  const common = { stateFolder: false, cacheFolder: join(folder, 'cache') } as const;
  await library.initStore(location, { ...common, encrypt: { onKey, passphrase: PASSPHRASE } });
  cpSync(location, mirror, { recursive: true });
  const [name] = readdirSync(join(location, 'keys'));
  const slot = keySlotKey(name!);
  const use = async <T>(work: (store: Store) => Promise<T>) => {
    const unlock = async () => ({ kind: 'key', text: key }) as const;
    const store = await library.openStore(location, { ...common, parallelism: 1, unlock });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  const opens = async () => {
    const unlock = async () => ({ kind: 'passphrase', passphrase: PASSPHRASE }) as const;
    await (await library.openStore(location, { ...common, parallelism: 1, unlock })).close();
  };
  return { location, mirror, key, slot, path: join(location, slot), use, opens };
}

test('a slot that is rotten, not signed or gone is a problem, and a mirror has it', async (t) => {
  const { location, mirror, key, slot, path, use, opens } = await scene(t);
  const good = readFileSync(path);
  const rotten = Buffer.from(good);
  rotten[100]! ^= 1;
  const kdf = { name: 'scrypt', salt: '5a'.repeat(32), n: 2 ** 14, r: 8, p: 1 } as const;
  const other = await sealSlot(decodeSlotSecret(key), kdf, 'of somebody else');
  const unsigned = encodeRecord('key', slot, other, blake3);
  for (const [what, bytes] of Object.entries({ rotten, unsigned, gone: undefined })) {
    if (bytes === undefined) rmSync(path);
    else writeFileSync(path, bytes);
    const { problems } = await use((store) => store.scrub());
    t.deepEqual(
      problems.map(({ code, object }) => [code, object]),
      [[bytes === undefined ? 'object-missing' : 'object-damaged', slot]],
      what,
    );
    const alone = await use((store) => store.scrub({ repair: true }));
    t.is(alone.problems.length, 1, 'nobody can make it anew');
    const mended = await use((store) => store.scrub({ repair: true, from: mirror }));
    t.deepEqual(mended.problems, [], what);
    t.deepEqual(mended.repair?.replacedObjects, [slot]);
    t.deepEqual(readFileSync(join(location, slot)), good);
    await opens();
  }
});

test('a slot whose key was removed is left over', async (t) => {
  const { location, key, use } = await scene(t);
  const { signAsOwner } = await vaultOf(location, key);
  const kdf = { name: 'scrypt', salt: '5a'.repeat(32), n: 2 ** 14, r: 8, p: 1 } as const;
  const id = 'ab'.repeat(16);
  const secret = { ...decodeSlotSecret(key), slot: Buffer.from(id, 'hex') };
  const left = keySlotKey(id);
  const bytes = encodeRecord('key', left, await sealSlot(secret, kdf, 'left'), blake3, signAsOwner);
  writeFileSync(join(location, left), bytes);
  const { problems, hints } = await use((store) => store.scrub());
  t.deepEqual(problems, []);
  t.deepEqual(
    hints.map(({ code, object }) => [code, object]),
    [['stray-object', left]],
  );
});
