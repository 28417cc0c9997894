/**
 * BLAKE3 on the data path: the native build where there is one, WebAssembly elsewhere. Both give the same bytes.
 * Setting DOPPEL_HASH=portable chooses the second, so that tests can compare them.
 */
import type { Blake3 } from '../../store-format/layouts.js';

/** Hashes a message piece by piece. */
export interface Blake3Stream {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

interface Blake3Engine {
  readonly name: string;
  readonly native: boolean;
  readonly hash: Blake3;
  readonly stream: () => Blake3Stream;
}

async function loadNative(): Promise<Blake3Engine | undefined> {
  if (process.env.DOPPEL_HASH === 'portable') return undefined;
  try {
    const native = await import('@napi-rs/blake-hash');
    return {
      name: '@napi-rs/blake-hash',
      native: true,
      hash: native.blake3,
      stream: () => {
        const hasher = new native.Blake3Hasher();
        return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digestBuffer() };
      },
    };
  } catch {
    return undefined; // no build for this platform
  }
}

async function loadPortable(): Promise<Blake3Engine> {
  const { createBLAKE3 } = await import('hash-wasm');
  const { blake3: noble } = await import('@noble/hashes/blake3.js');
  const shared = await createBLAKE3();
  // A stream keeps its state in its own instance; instances are made ahead because making one is asynchronous.
  const idle = await Promise.all(Array.from({ length: 8 }, () => createBLAKE3()));
  return {
    name: 'hash-wasm',
    native: false,
    hash: (bytes) => shared.init().update(bytes).digest('binary'),
    stream: () => {
      const hasher = idle.pop();
      if (hasher === undefined) {
        const slow = noble.create({}); // rare: many captures at once, or some that failed
        return { update: (bytes) => void slow.update(bytes), digest: () => slow.digest() };
      }
      hasher.init();
      return {
        update: (bytes) => void hasher.update(bytes),
        digest: () => {
          idle.push(hasher);
          return hasher.digest('binary');
        },
      };
    },
  };
}

const engine = (await loadNative()) ?? (await loadPortable());

export const blake3: Blake3 = engine.hash;
export const createBlake3Stream: () => Blake3Stream = engine.stream;
export const blake3Implementation = { implementation: engine.name, native: engine.native };
