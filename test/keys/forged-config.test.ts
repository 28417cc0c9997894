/**
 * A server that writes what it likes: what a config says of keys counts only under the signature of the owner whom the key
 * knows. Public keys of slots stand in clear, so anybody can seal a keyring for one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { grantTo } from '../../src/keys/keyrings.js';
import {
  type Config,
  ConfigSchema,
  decodeRecord,
  type Encryption,
  encodeRecord,
  fromHex,
  type KeyringPayload,
} from '../../store-format/index.js';
import { blake3 } from '../format/oracle.js';
import { inPieces, library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';

const id32 = (seed: string) => seededBytes(seed, 32).toString('hex');

/** A keyring whose every key the server knows. */
const FORGED: KeyringPayload = {
  access: 'full',
  idKey: id32('id'),
  memberKeys: [{ generation: 1, key: id32('member') }],
  dataKeys: [{ generation: 1, key: id32('data') }],
  writerSeed: id32('writer'),
  writer: 'owner',
  writers: [],
  slots: [],
};

type KeyedConfig = Config & { readonly encryption: Encryption };

/** Another config above the two that a store is made with. */
function forge(location: string, change: (config: KeyedConfig) => Partial<Encryption>): void {
  const own = 'config/0000000002';
  const config = decodeRecord('config', own, readFileSync(join(location, own)), ConfigSchema, blake3);
  const { encryption } = config as KeyedConfig;
  const forged = { ...config, encryption: { ...encryption, ...change(config as KeyedConfig) } };
  const key = 'config/0000000003';
  writeFileSync(join(location, key), encodeRecord('config', key, forged, blake3));
}

async function sampleStore(t: ExecutionContext) {
  const location = join(folderFor(t), 'store');
  let text = '';
  await library.initStore(location, {
    encrypt: {
      onKey: async (key) => {
        text = key;
      },
    },
  });
  const warnings: string[] = [];
  const open = async () => {
    const store = await library.openStore(location, {
      parallelism: 1,
      unlock: async () => ({ kind: 'key', text }),
      onWarning: ({ message }) => warnings.push(message),
    });
    t.teardown(() => store.close());
    return store;
  };
  const store = await open();
  await store.capture(inPieces(seededDisk('forged', 2 ** 20)), 'web');
  return { location, open, warnings };
}

test('a config that the owner did not sign gives nobody keys: the one before stands in, for readers', async (t) => {
  const { location, open, warnings } = await sampleStore(t);
  forge(location, ({ storeId, encryption }) => {
    const grants = Object.entries(encryption.grants).map(([slot, { publicKey }]) => [
      slot,
      grantTo(slot, publicKey, FORGED, fromHex(storeId), (bytes) => seededBytes('ephemeral', bytes)),
    ]);
    return { grants: Object.fromEntries(grants) };
  });
  const store = await open();
  t.is((await store.images()).length, 1);
  t.regex(warnings.join('\n'), /config\/0000000003 .*owner's signature/);
  await t.throwsAsync(store.capture(inPieces(Buffer.alloc(4096)), 'web'), { code: 'object-damaged' });
});

test('nor does a public key that the owner did not sign seal anything', async (t) => {
  const { location, open } = await sampleStore(t);
  forge(location, () => ({ dataKeys: [{ generation: 1, kem: 1, publicKey: id32('public') }] }));
  const store = await open();
  t.is((await store.images()).length, 1);
  await t.throwsAsync(store.capture(inPieces(Buffer.alloc(4096)), 'web'), { code: 'object-damaged' });
});
