/**
 * A store that a test uses as a library, in this process. It is the built one, as it is shipped: its worker threads start
 * in a fraction of the time that TypeScript takes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import type { Store, Warning } from '../../src/index.js';
import { folderFor } from './machine.js';

const BUILT: string = new URL('../../dist/src/index.js', import.meta.url).href;

/** All that the library exports. */
export const library = (await import(BUILT)) as typeof import('../../src/index.js');
const { initStore, openStore } = library;

export interface LibraryStore {
  readonly store: Store;
  readonly location: string;
  readonly warnings: Warning[];
}

export async function newLibraryStore(t: ExecutionContext): Promise<LibraryStore> {
  const location = join(folderFor(t), 'store');
  await initStore(location);
  return openLibraryStore(t, location);
}

export async function openLibraryStore(t: ExecutionContext, location: string): Promise<LibraryStore> {
  const warnings: Warning[] = [];
  const store = await openStore(location, { parallelism: 2, onWarning: (warning) => warnings.push(warning) });
  t.teardown(() => store.close());
  return { store, location, warnings };
}

/** Bytes as a stream, in pieces of awkward sizes. */
export async function* inPieces(bytes: Uint8Array, pieceBytes = 70_001): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Restores to a stream and gives what came. */
export async function restoredBytes(store: Store, reference: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(Buffer.from(part));
      done();
    },
  });
  await store.restore(reference, stream);
  return Buffer.concat(parts);
}

/** Restores to a file and gives what stands there. */
export async function restoredFile(store: Store, reference: string, path: string): Promise<Buffer> {
  await store.restore(reference, path, { overwrite: true });
  return readFileSync(path);
}
