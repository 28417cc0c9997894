/** Native and portable BLAKE3 give the same bytes as an implementation that shares no code with either. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { blake3, blake3Implementation, createBlake3Stream } from '../../src/hashing/blake3.js';
import { sha } from '../format/oracle.js';
import { seededBytes } from '../support/seeded-disk.js';

const LENGTHS = [0, 1, 63, 64, 65, 1023, 1024, 1025, 4096, 65_536, 100_003];
const MODULE = fileURLToPath(new URL('../../dist/src/hashing/blake3.js', import.meta.url));

test('at once and piece by piece', (t) => {
  t.log(blake3Implementation.implementation);
  for (const length of LENGTHS) {
    const bytes = seededBytes(`hash ${length}`, length);
    const expected = sha(bytes);
    t.true(Buffer.from(blake3(bytes)).equals(expected), `${length} bytes`);
    const stream = createBlake3Stream();
    for (let at = 0; at < length; at += 999) stream.update(bytes.subarray(at, at + 999));
    t.true(Buffer.from(stream.digest()).equals(expected), `${length} bytes, piece by piece`);
  }
});

test('hashes of shared memory, and results that stay', (t) => {
  const memory = new SharedArrayBuffer(1000);
  const first = blake3(new Uint8Array(memory));
  new Uint8Array(memory).fill(1);
  blake3(new Uint8Array(memory));
  t.true(Buffer.from(first).equals(sha(Buffer.alloc(1000))));
});

test('the portable build gives the same, for more streams at a time than it keeps ready', (t) => {
  const program = `
    const { blake3, blake3Implementation, createBlake3Stream } = await import(${JSON.stringify(MODULE)});
    const hex = (bytes) => Buffer.from(bytes).toString('hex');
    const memory = new SharedArrayBuffer(5000);
    new Uint8Array(memory).fill(7);
    const streams = Array.from({ length: 20 }, () => createBlake3Stream());
    streams.forEach((stream, i) => stream.update(Buffer.from('stream ' + i)));
    const first = blake3(new Uint8Array(memory));
    blake3(new Uint8Array(3));
    console.log(JSON.stringify([blake3Implementation.native, hex(first), streams.map((stream) => hex(stream.digest()))]));
  `;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, DOPPEL_HASH: 'portable' },
  });
  t.is(run.status, 0, run.stderr);
  const [native, hash, digests] = JSON.parse(run.stdout) as [boolean, string, string[]];
  t.false(native);
  t.is(hash, sha(Buffer.alloc(5000, 7)).toString('hex'));
  t.deepEqual(
    digests,
    Array.from({ length: 20 }, (_, i) => sha(Buffer.from(`stream ${i}`)).toString('hex')),
  );
});
