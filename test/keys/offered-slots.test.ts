/**
 * Passphrase slots that a server makes up, each of which one of its guesses opens: none makes a guess cheaper than a slot of
 * the owner's, and none that opens shows in what the client does then.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as v from 'valibot';
import { sealSlot } from '../../src/keys/passphrase.js';
import { decodeSlotSecret } from '../../src/keys/slot-secret.js';
import {
  ConfigSchema,
  decodeRecord,
  encodeRecord,
  fromHex,
  type Kdf,
  KdfSchema,
  keySlotKey,
} from '../../store-format/index.js';
import { blake3 } from '../format/oracle.js';
import { library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';

const PASSPHRASE = 'not so good';
const SALT = '5a'.repeat(32);
const scrypt = (n: number): Kdf => ({ name: 'scrypt', salt: SALT, n, r: 8, p: 1 });

async function scene(t: ExecutionContext) {
  const folder = folderFor(t);
  const location = join(folder, 'store');
  let key = '';
  const onKey = async (text: string) => {
    key = text;
  };
  const stateFolder = join(folder, 'state');
  await library.initStore(location, { encrypt: { onKey, passphrase: PASSPHRASE }, stateFolder });
  const own = `config/0000000002`;
  const config = decodeRecord('config', own, readFileSync(join(location, own)), ConfigSchema, blake3);
  const grants = { ...config.encryption!.grants };
  const { storeId, owner } = decodeSlotSecret(key);

  /** In front of the true slots, in a config of the server's own. */
  async function offer(number: number, kdf: Kdf, guess: string): Promise<void> {
    const id = number.toString(16).padStart(32, '0');
    const slot = await sealSlot(
      { storeId, slot: fromHex(id), secret: seededBytes(id, 32), owner },
      kdf,
      guess,
    );
    grants[id] = { access: 'full', publicKey: '00'.repeat(32), sealed: '' };
    const path = keySlotKey(id);
    writeFileSync(join(location, path), encodeRecord('key', path, slot, blake3));
    const forged = { ...config, encryption: { ...config.encryption!, grants } };
    const newest = 'config/0000000003';
    writeFileSync(join(location, newest), encodeRecord('config', newest, forged, blake3));
  }

  async function open(state: string | false): Promise<void> {
    const unlock = async () => ({ kind: 'passphrase', passphrase: PASSPHRASE }) as const;
    await (await library.openStore(location, { stateFolder: state, parallelism: 1, unlock })).close();
  }
  return { location, stateFolder, offer, open };
}

test('a slot that is too cheap is not tried, and one that the owner did not sign opens nothing', async (t) => {
  const { location, offer, open } = await scene(t);
  await offer(1, scrypt(2), PASSPHRASE);
  await open(false);
  await offer(2, scrypt(2 ** 14), PASSPHRASE);
  t.is(readdirSync(join(location, 'keys')).sort()[1], '2'.padStart(32, '0'), 'it comes before the true one');
  await open(false);
});

test('of more slots than any store has none is tried, unless the owner is remembered', async (t) => {
  const { stateFolder, offer, open } = await scene(t);
  for (let number = 1; number <= 64; number++) await offer(number, scrypt(2), `guess ${number}`);
  await t.throwsAsync(open(false), { code: 'key-wrong', message: /65 passphrase slots/ });
  await open(stateFolder);
});

test('who remembers the owner tries no slot that the owner did not sign', async (t) => {
  const { stateFolder, location, open } = await scene(t);
  const [name] = readdirSync(join(location, 'keys'));
  const path = keySlotKey(name!);
  const signed = readFileSync(join(location, path));
  const unsigned = Buffer.from(signed);
  unsigned.fill(0, signed.length - 136, signed.length - 32); // the slot of the signature
  unsigned.set(blake3(unsigned.subarray(0, -32)), unsigned.length - 32);
  writeFileSync(join(location, path), unsigned);
  await t.throwsAsync(open(stateFolder), { code: 'object-damaged', message: /owner's signature/ });
  await t.throwsAsync(open(false), { code: 'object-damaged', message: /owner's signature/ });
  writeFileSync(join(location, path), signed);
  await open(stateFolder);
});

test('parameters that would keep a processor busy for hours are refused', (t) => {
  const argon2id = { name: 'argon2id', salt: SALT, passes: 4, memoryKib: 2 ** 20, lanes: 4 } as const;
  t.true(v.is(KdfSchema, argon2id));
  t.false(v.is(KdfSchema, { ...argon2id, passes: 5 }));
});
