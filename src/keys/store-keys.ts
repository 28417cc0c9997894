/**
 * The keys of an open store: slots are added and removed, keys changed for new ones (SPEC.md, "Keys"). A change writes
 * a config and no data, and whoever loses a race against another change begins with its result.
 */
import {
  type Config,
  type Encryption,
  type KeyringPayload,
  keySlotKey,
  type SlotNote,
  toHex,
  type Writer,
} from '../../store-format/index.js';
import { agreementPublicKey, signingPublicKey } from '../encryption/ciphers.js';
import { requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { checkName } from '../images/reference.js';
import type { KeyInfo, NewKey, RotateResult, StoreKeys } from '../interface.js';
import { changeKeys, deleteSlot } from './change-keys.js';
import { ended, isEnding, withLastImages } from './ended-writers.js';
import { grantTo, newSlotSecret, OWNER, openKeyring } from './keyrings.js';
import { lastImages } from './last-images.js';
import { writeSlot } from './new-keys.js';
import { newKdf, sealSlot } from './passphrase.js';
import { encodeSlotSecret, type SlotSecret } from './slot-secret.js';
import { MAX_PASSPHRASE_SLOTS } from './unlock.js';

/** A full keyring with the public keys of all slots: what a new config is made from. */
interface KeyState {
  readonly payload: KeyringPayload;
  readonly encryption: Encryption;
}

export class OpenStoreKeys implements StoreKeys {
  readonly access: KeyInfo['access'];

  constructor(
    private readonly engine: Engine,
    private secret: SlotSecret,
  ) {
    this.access = engine.objects.vault!.keyring.access;
  }

  /** The key file that opens the slot that this store was opened with. */
  get text(): string {
    return encodeSlotSecret(this.secret);
  }

  get slot(): string {
    return toHex(this.secret.slot);
  }

  list(): readonly KeyInfo[] {
    this.#requireFull();
    const { payload, encryption } = this.#stateOf(this.engine.config);
    return payload.slots.map((note) => toKeyInfo(note, { payload, encryption }, this.slot));
  }

  async add(key: NewKey): Promise<KeyInfo> {
    return (await this.#add(key)).added;
  }

  /** @param replaced a slot that goes in the same step */
  async #add(
    key: NewKey,
    replaced?: string,
  ): Promise<{ readonly added: KeyInfo; readonly secret: SlotSecret }> {
    this.#requireFull();
    const { environment, objects } = this.engine;
    const secret = newSlotSecret(this.#random, this.secret.storeId, this.secret.owner);
    const note = noteOf(key, toHex(secret.slot), environment.now());
    // The slot's own record comes first: a grant that nobody can open would be one that nobody misses.
    if (key.passphrase !== undefined) {
      const kdf = newKdf(key.kdf ?? 'scrypt', this.#random(32));
      await writeSlot(objects, objects.vault!, await sealSlot(secret, kdf, key.passphrase));
    }
    await key.onKey?.(encodeSlotSecret(secret));
    const publicKey = toHex(agreementPublicKey(secret.secret));
    const state = await this.#change((old) => {
      const rest =
        replaced === undefined ? old : this.#withoutSlot(old, findSlot(old.payload.slots, replaced));
      return this.#withSlot(rest, note, publicKey, key.writeOnly?.names);
    });
    return { added: toKeyInfo(note, state, this.slot), secret };
  }

  /** @param which a label, or the start of an id */
  async remove(which: string): Promise<KeyInfo> {
    this.#requireFull();
    let removed: KeyInfo | undefined;
    await this.#change((old) => {
      const note = findSlot(old.payload.slots, which);
      removed = toKeyInfo(note, old, this.slot);
      const isLastFull =
        removed.access === 'full' &&
        Object.values(old.encryption.grants).filter(({ access }) => access === 'full').length === 1;
      if (isLastFull)
        throw new StoreError('bad-setting', 'This is the last key with full access: add another before');
      return this.#withoutSlot(old, note);
    });
    await deleteSlot(this.engine, keySlotKey(removed!.id));
    return removed!;
  }

  /** A new slot, and the one that this store was opened with goes. */
  async change(to: Pick<NewKey, 'passphrase' | 'kdf' | 'onKey'>): Promise<KeyInfo> {
    this.#requireFull();
    const old = this.slot;
    const { label } = findSlot(this.#stateOf(this.engine.config).payload.slots, old);
    const { added, secret } = await this.#add({ ...to, label }, old);
    this.secret = secret;
    await deleteSlot(this.engine, keySlotKey(old));
    return { ...added, inUse: true };
  }

  /** New keys for all that is written from now on; every slot that is left is granted them. */
  async rotate(): Promise<RotateResult> {
    this.#requireFull();
    const state = await this.#change((old) => this.#rotated(old));
    return { generation: state.encryption.generation, slots: state.payload.slots.length };
  }

  readonly #random = (bytes: number): Uint8Array => this.engine.environment.random(bytes);

  async #change(edit: (state: KeyState) => KeyState): Promise<KeyState> {
    requireWritable(this.engine);
    let state: KeyState | undefined;
    const first = (config: Config) => {
      state = this.#granted(edit(this.#stateOf(config)));
      return state.encryption;
    };
    // A machine may have published in the last moment: it looks at the config behind that, so what is there now is all.
    const complete = async () => {
      const canGrant = state!.encryption.grants[this.slot] !== undefined;
      if (!canGrant || !state!.payload.writers.some(isEnding)) return undefined;
      const lastOf = await lastImages(this.engine.library);
      return (config: Config) => {
        const { payload, encryption } = this.#stateOf(config);
        state = this.#granted({ payload: withLastImages(payload, lastOf), encryption });
        return state.encryption;
      };
    };
    this.engine.config = await changeKeys(this.engine, first, complete);
    return state!;
  }

  #stateOf(config: Config): KeyState {
    return { payload: openKeyring(config, this.secret).payload, encryption: config.encryption! };
  }

  /** All with full access know of all writers and slots: their grants are made anew at every change. */
  #granted({ payload, encryption }: KeyState): KeyState {
    const grants = { ...encryption.grants };
    for (const [slot, { access, publicKey }] of Object.entries(grants))
      if (access === 'full') grants[slot] = this.#grant(slot, publicKey, payload);
    return { payload, encryption: { ...encryption, grants } };
  }

  #grant(slot: string, publicKey: string, payload: KeyringPayload): Encryption['grants'][string] {
    return grantTo(slot, publicKey, payload, this.secret.storeId, this.#random);
  }

  #withSlot(
    { payload, encryption }: KeyState,
    note: SlotNote,
    publicKey: string,
    names: readonly string[] | undefined,
  ): KeyState {
    if (payload.slots.some(({ label }) => label !== '' && label === note.label))
      throw new StoreError('bad-setting', `There is a key "${note.label}" already: remove it first`);
    const slots = [...payload.slots, note];
    if (slots.filter(({ kind }) => kind === 'passphrase').length > MAX_PASSPHRASE_SLOTS)
      throw new StoreError('bad-setting', `A store has ${MAX_PASSPHRASE_SLOTS} passphrases at most`);
    if (names === undefined) {
      const placeholder = { access: 'full' as const, publicKey, sealed: '' }; // sealed with all of full access
      const grants = { ...encryption.grants, [note.id]: placeholder };
      return { payload: { ...payload, slots }, encryption: { ...encryption, grants } };
    }
    const { ring, writer } = this.#writeOnly(payload, note.label, names);
    const next = { ...payload, slots, writers: [...payload.writers, writer] };
    const grants = { ...encryption.grants, [note.id]: this.#grant(note.id, publicKey, ring) };
    return { payload: next, encryption: { ...encryption, grants } };
  }

  /** What a machine gets that may only write, and what others know of it. */
  #writeOnly(
    payload: KeyringPayload,
    name: string,
    names: readonly string[],
  ): { readonly ring: KeyringPayload; readonly writer: Writer } {
    const seed = this.#random(32);
    const writer: Writer = {
      publicKey: toHex(signingPublicKey(seed)),
      name,
      access: 'write',
      names: [...names],
      sinceMs: this.engine.environment.now(),
    };
    const { idKey, memberKeys } = payload;
    const ring: KeyringPayload = {
      access: 'write',
      idKey,
      memberKeys,
      dataKeys: [],
      writerSeed: toHex(seed),
      writer: name,
      writers: [...payload.writers.filter(({ access }) => access === 'full'), writer],
      slots: [],
    };
    return { ring, writer };
  }

  #withoutSlot({ payload, encryption }: KeyState, { id, label }: SlotNote): KeyState {
    const { [id]: grant, ...grants } = encryption.grants;
    const nowMs = this.engine.environment.now();
    const isIts = (writer: Writer) => grant?.access === 'write' && writer.name === label;
    const writers = payload.writers.map((writer) =>
      isIts(writer) ? ended(writer, nowMs, encryption.generation) : writer,
    );
    const slots = payload.slots.filter((slot) => slot.id !== id);
    return { payload: { ...payload, slots, writers }, encryption: { ...encryption, grants } };
  }

  #rotated({ payload, encryption }: KeyState): KeyState {
    const generation = encryption.generation + 1;
    const nowMs = this.engine.environment.now();
    const [secret, writerSeed] = [this.#random(32), this.#random(32)];
    const publicKey = toHex(agreementPublicKey(secret));
    const own: Writer = {
      publicKey: toHex(signingPublicKey(writerSeed)),
      name: OWNER,
      access: 'full',
      names: [],
      sinceMs: nowMs,
    };
    let next: KeyringPayload = {
      ...payload,
      memberKeys: [...payload.memberKeys, { generation, key: toHex(this.#random(32)) }],
      dataKeys: [...payload.dataKeys, { generation, key: toHex(secret) }],
      writerSeed: toHex(writerSeed),
      writers: [...payload.writers.map((writer) => ended(writer, nowMs, encryption.generation)), own],
    };
    const grants = { ...encryption.grants };
    for (const [slot, grant] of Object.entries(grants)) {
      if (grant.access !== 'write') continue;
      const { label } = findSlot(payload.slots, slot);
      const names = payload.writers.findLast(({ name }) => name === label)?.names ?? [];
      const { ring, writer } = this.#writeOnly(next, label, names);
      next = { ...next, writers: [...next.writers, writer] };
      grants[slot] = this.#grant(slot, grant.publicKey, ring);
    }
    const dataKeys = [...encryption.dataKeys, { generation, kem: 1 as const, publicKey }];
    return { payload: next, encryption: { ...encryption, generation, dataKeys, grants } };
  }

  /** @throws key-forbids */
  #requireFull(): void {
    if (this.access === 'full') return;
    throw new StoreError('key-forbids', 'Only a key with full access lists, exports or changes keys');
  }
}

function noteOf({ label, passphrase, onKey, writeOnly }: NewKey, id: string, createdMs: number): SlotNote {
  if ((passphrase === undefined) === (onKey === undefined))
    throw new TypeError('A key is opened by a passphrase or by a key file: give one of both');
  const checked = label === '' && writeOnly === undefined ? '' : checkName(label, 'name');
  if (writeOnly !== undefined && checked === OWNER)
    throw new StoreError('bad-setting', `"${OWNER}" is the name of those with full access: choose another`);
  return { id, label: checked, kind: passphrase === undefined ? 'file' : 'passphrase', createdMs };
}

function findSlot(slots: readonly SlotNote[], which: string): SlotNote {
  const found = slots.filter(({ id, label }) => label === which || id === which);
  const matches = found.length > 0 || which === '' ? found : slots.filter(({ id }) => id.startsWith(which));
  const [slot] = matches;
  if (matches.length === 1) return slot!;
  throw matches.length === 0
    ? new StoreError('bad-setting', `There is no key "${which}"; "doppel key ls" lists them`)
    : new StoreError(
        'bad-setting',
        `"${which}" is the start of more than one key; "doppel key ls" lists them`,
      );
}

function toKeyInfo(note: SlotNote, { payload, encryption }: KeyState, own: string): KeyInfo {
  const { id, label, kind, createdMs } = note;
  const access = encryption.grants[id]?.access ?? 'full';
  const names = payload.writers.findLast(
    (writer) => writer.access === 'write' && writer.name === label,
  )?.names;
  return {
    id,
    label,
    kind,
    access,
    created: new Date(createdMs),
    ...(access === 'write' && { names: names ?? [] }),
    inUse: id === own,
  };
}
