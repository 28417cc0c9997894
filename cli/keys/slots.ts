/** `doppel key ls|add|rm|change|rotate`: the slots of a store, and its keys. */
import type { KeyInfo } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf } from '../format.js';
import { UsageError } from '../report-error.js';
import { withNewSecret } from '../secrets/new-secret.js';
import { readUnlockedKey, writeUnlockedKey } from '../secrets/unlocked-keys.js';
import type { Session } from '../session.js';
import { type NewSecretOptions, wishesOf } from './key-options.js';
import { keyKind, keyTable, keyTitle } from './key-text.js';

export interface AddOptions extends NewSecretOptions {
  readonly writeOnly?: string;
  readonly names?: readonly string[];
}

export async function listKeys(session: Session): Promise<ExitCode> {
  const keys = (await session.openKeys()).list();
  await session.print(keys, () => keyTable(keys));
  return EXIT.done;
}

export async function addKey(
  session: Session,
  label: string | undefined,
  options: AddOptions,
): Promise<ExitCode> {
  const { writeOnly, names } = options;
  const wishes = wishesOf(options);
  if (writeOnly === undefined && names !== undefined) throw new UsageError('--names goes with --write-only');
  if (writeOnly !== undefined && label !== undefined)
    throw new UsageError('The name of --write-only is the label: leave the other one out');
  if (writeOnly !== undefined && wishes.source?.kind !== 'key-file')
    throw new UsageError('--write-only needs --new-key-file: a machine has nobody to type a passphrase');
  const keys = await session.openKeys();
  const access = writeOnly === undefined ? {} : { writeOnly: { names: names ?? [writeOnly] } };
  const added = await withNewSecret(wishes, (secret) =>
    keys.add({ label: writeOnly ?? label ?? '', ...secret, ...access }),
  );
  await session.print(
    added,
    () => `Added key ${keyTitle(added)}: ${keyKind(added)}\n${adviceFor(added, options)}`,
  );
  return EXIT.done;
}

function adviceFor({ access }: KeyInfo, { newKeyFile }: AddOptions): string {
  if (access === 'full') return '';
  return `Move ${newKeyFile} to the machine, and give it there as --key-file or DOPPEL_KEY_FILE.\n`;
}

export async function removeKey(session: Session, which: string): Promise<ExitCode> {
  const keys = await session.openKeys();
  const removed = await keys.remove(which);
  await session.print(
    removed,
    () =>
      `Key ${keyTitle(removed)} is gone: ${keyKind(removed)}\nWhoever used it may have kept the keys that it opened: "doppel key rotate" seals with new ones from now on.\n`,
  );
  return EXIT.done;
}

export async function changeKey(session: Session, options: NewSecretOptions): Promise<ExitCode> {
  const wishes = wishesOf(options);
  const store = await session.openStore();
  const keys = store.keys ?? (await session.openKeys());
  const changed = await withNewSecret(wishes, (secret) => keys.change(secret));
  const unlocked = await readUnlockedKey(store.info.id); // of the old slot
  if (unlocked !== undefined) await writeUnlockedKey(store.info.id, { ...unlocked, key: keys.text });
  const gone = 'The old one opens this store no more; no data was written anew.';
  await session.print(changed, () => `Key ${keyTitle(changed)} is now ${keyKind(changed)}. ${gone}\n`);
  return EXIT.done;
}

export const WHAT_ROTATION_DOES_NOT = `What was stored until now stays sealed with the old keys, in packs until gc rewrites them, and in full only
by a copy to a new store. Whoever had the old keys and has copied the store, or can still read it, reads that.`;

export async function rotateKeys(session: Session): Promise<ExitCode> {
  const result = await (await session.openKeys()).rotate();
  const slots = countOf(result.slots, 'key');
  await session.print(
    result,
    () =>
      `What is stored from now on is sealed with new keys (generation ${result.generation}), which ${slots} of this store ${result.slots === 1 ? 'opens' : 'open'}.\n${WHAT_ROTATION_DOES_NOT}\n`,
  );
  return EXIT.done;
}
