/**
 * Where the secret comes from that opens a store: an option, the environment, a key that was unlocked before, a prompt, in
 * this order. Nothing is read before a store turns out to have keys, and each thing is read once.
 */
import type { LockedStore, Secret } from '../../src/index.js';
import { canAsk } from '../ask-consent.js';
import { UsageError } from '../report-error.js';
import { promptPassphrase } from './prompt.js';
import { keyNeeded, readKeyFile, readPassphraseCommand, readPassphraseFile } from './read-secret.js';
import { readUnlockedKey } from './unlocked-keys.js';

export interface SecretOptions {
  readonly keyFile?: string;
  readonly passphraseFile?: string;
  readonly passphraseCommand?: string;
}

export interface SecretEnvironment extends SecretOptions {
  readonly passphrase?: string;
}

/** A place that holds a secret; `from` names it to people. */
export type SecretSource = { readonly from: string } & (
  | { readonly kind: 'key-file' | 'passphrase-file'; readonly path: string }
  | { readonly kind: 'passphrase-command'; readonly command: string }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
);

/** Takes the passphrase out of the environment, so that nothing that this process starts inherits it. */
export function takeSecretEnvironment(): SecretEnvironment {
  const {
    DOPPEL_KEY_FILE: keyFile,
    DOPPEL_PASSPHRASE_FILE: passphraseFile,
    DOPPEL_PASSPHRASE: passphrase,
    DOPPEL_PASSPHRASE_COMMAND: passphraseCommand,
  } = process.env;
  delete process.env.DOPPEL_PASSPHRASE;
  return {
    ...(keyFile && { keyFile }),
    ...(passphraseFile && { passphraseFile }),
    ...(passphrase && { passphrase }),
    ...(passphraseCommand && { passphraseCommand }),
  };
}

/**
 * The one source among options. @param prefix of the options' names: `--` or `--new-`
 * @throws UsageError
 */
export function sourceOfOptions(
  { keyFile, passphraseFile, passphraseCommand }: SecretOptions,
  prefix = '--',
): SecretSource | undefined {
  const sources: SecretSource[] = [];
  if (keyFile !== undefined) sources.push({ kind: 'key-file', path: keyFile, from: `${prefix}key-file` });
  if (passphraseFile !== undefined)
    sources.push({ kind: 'passphrase-file', path: passphraseFile, from: `${prefix}passphrase-file` });
  if (passphraseCommand !== undefined)
    sources.push({
      kind: 'passphrase-command',
      command: passphraseCommand,
      from: `${prefix}passphrase-command`,
    });
  const [source, other] = sources;
  if (other !== undefined) throw new UsageError(`${source!.from} and ${other.from} exclude each other`);
  if (source !== undefined && ('path' in source ? source.path : 'x') === '')
    throw new UsageError(`The file of ${source.from} has no name`);
  return source;
}

function sourceOfEnvironment(environment: SecretEnvironment): SecretSource | undefined {
  const { keyFile, passphraseFile, passphrase, passphraseCommand } = environment;
  if (keyFile !== undefined) return { kind: 'key-file', path: keyFile, from: 'DOPPEL_KEY_FILE' };
  if (passphraseFile !== undefined)
    return { kind: 'passphrase-file', path: passphraseFile, from: 'DOPPEL_PASSPHRASE_FILE' };
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase, from: 'DOPPEL_PASSPHRASE' };
  if (passphraseCommand === undefined) return undefined;
  return { kind: 'passphrase-command', command: passphraseCommand, from: 'DOPPEL_PASSPHRASE_COMMAND' };
}

export async function readSource(source: SecretSource): Promise<Secret> {
  switch (source.kind) {
    case 'key-file':
      return { kind: 'key', text: await readKeyFile(source.path, source.from) };
    case 'passphrase-file':
      return { kind: 'passphrase', passphrase: await readPassphraseFile(source.path, source.from) };
    case 'passphrase-command':
      return { kind: 'passphrase', passphrase: await readPassphraseCommand(source.command, source.from) };
    case 'passphrase':
      return source;
  }
}

export class Secrets {
  /** What options name, else what the environment names. */
  readonly source: SecretSource | undefined;
  /** Somebody said for this very run that the store has keys. */
  readonly areOfOptions: boolean;
  #read: Promise<Secret> | undefined;

  constructor(options: SecretOptions, environment: SecretEnvironment) {
    const own = sourceOfOptions(options);
    this.areOfOptions = own !== undefined;
    this.source = own ?? sourceOfEnvironment(environment);
  }

  /** @param isMain the store that the command is about: what is given is meant for it */
  async openerOf(store: LockedStore, isMain: boolean): Promise<Secret> {
    const given = await this.#given();
    if (given !== undefined && (isMain || (await mayOpen(given, store)))) return given;
    const unlocked = await unlockedKeyOf(store);
    return unlocked ?? asked(store);
  }

  /** As `openerOf`, but not what was unlocked before: for whoever unlocks. */
  async openerAnew(store: LockedStore): Promise<Secret> {
    return (await this.#given()) ?? asked(store);
  }

  /** A key that costs nothing and asks nobody: for completion. @throws Error where there is none */
  async quickOpenerOf(store: LockedStore): Promise<Secret> {
    const given = this.source?.kind === 'key-file' ? await this.#given() : undefined;
    const opener = given ?? (await unlockedKeyOf(store));
    if (opener === undefined) throw new Error('Only a key file or an unlocked key will do');
    return opener;
  }

  #given(): Promise<Secret> | undefined {
    if (this.source !== undefined) this.#read ??= readSource(this.source);
    return this.#read;
  }
}

async function mayOpen(secret: Secret, store: LockedStore): Promise<boolean> {
  if (secret.kind === 'passphrase') return true;
  const { describeKey } = await import('../../src/index.js');
  return describeKey(secret.text).storeId === store.id;
}

/** Undefined when there is none, or it is of a slot that the store has no more. */
async function unlockedKeyOf(store: LockedStore): Promise<Secret | undefined> {
  const unlocked = await readUnlockedKey(store.id);
  if (unlocked === undefined) return undefined;
  const { describeKey } = await import('../../src/index.js');
  const { slot } = describeKey(unlocked.key);
  return store.slots.includes(slot) ? { kind: 'key', text: unlocked.key } : undefined;
}

async function asked({ location }: LockedStore): Promise<Secret> {
  if (canAsk())
    return { kind: 'passphrase', passphrase: await promptPassphrase(`Passphrase for store ${location}: `) };
  throw await keyNeeded(
    `Store ${location} has keys, and none is at hand: give --key-file, --passphrase-file or --passphrase-command, set DOPPEL_KEY_FILE, DOPPEL_PASSPHRASE_FILE, DOPPEL_PASSPHRASE or DOPPEL_PASSPHRASE_COMMAND, or run "doppel key unlock" before`,
    { store: location },
  );
}
