/** The secret of a new slot: a passphrase, or a key file that is made here. */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { NewKey, StoreErrorDetails } from '../../src/index.js';
import { canAsk } from '../ask-consent.js';
import { UsageError } from '../report-error.js';
import { promptNewPassphrase } from './prompt.js';
import { readSource, type SecretSource } from './secrets.js';

export type NewSecret = Pick<NewKey, 'passphrase' | 'kdf' | 'onKey'>;

export interface NewSecretWishes {
  readonly source: SecretSource | undefined;
  readonly kdf?: NewKey['kdf'];
  /** Options that would name a source. */
  readonly ways: string;
}

/** Does the work with a new secret. Where it fails, a key file that was made for it goes. */
export async function withNewSecret<T>(
  { source, kdf, ways }: NewSecretWishes,
  work: (secret: NewSecret) => Promise<T>,
): Promise<T> {
  if (source?.kind === 'key-file') {
    if (kdf !== undefined) throw new UsageError('--kdf goes with a passphrase: a key file needs none');
    return withNewKeyFile(source.path, work);
  }
  const passphrase = await newPassphrase(source, ways);
  return work({ passphrase, ...(kdf && { kdf }) });
}

async function newPassphrase(source: SecretSource | undefined, ways: string): Promise<string> {
  if (source !== undefined) {
    const secret = await readSource(source);
    if (secret.kind === 'passphrase') return secret.passphrase;
  }
  if (!canAsk()) throw new UsageError(`A new passphrase or key file is needed: give ${ways}`);
  return promptNewPassphrase('New passphrase');
}

async function withNewKeyFile<T>(path: string, work: (secret: NewSecret) => Promise<T>): Promise<T> {
  let isMade = false;
  try {
    return await work({
      onKey: async (text) => {
        await writeSecretFile(path, `${text}\n`);
        isMade = true;
      },
    });
  } catch (error) {
    if (isMade && !isUncertain(error)) await unlink(path).catch(() => undefined); // it opens nothing
    throw error;
  }
}

/** The key file may be the only one that opens the store. */
function isUncertain(error: unknown): boolean {
  return (
    error instanceof Error && 'details' in error && (error.details as StoreErrorDetails).uncertain === true
  );
}

/** For the user alone, and on the disk when this resolves. @throws StoreError when there is something of that name */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    const { StoreError } = await import('../../src/index.js');
    const isTaken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (file !== undefined) await unlink(path).catch(() => undefined);
    throw isTaken
      ? new StoreError('target-exists', `${path} exists, and is not written over: choose another name`, {
          path,
        })
      : new StoreError(
          'target-unwritable',
          `Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`,
          { path },
        );
  } finally {
    await file?.close();
  }
  await syncFolder(dirname(path));
}

/** Best effort: not every file system does it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
