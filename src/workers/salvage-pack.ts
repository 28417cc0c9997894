/**
 * What a pack whose footer cannot be believed still holds: frames that are what their rows say, with the ids that their
 * entries' bytes have. Nothing more is read for it: where rows point that somebody changed on purpose, nobody sees.
 */
import {
  FormatError,
  type Frame,
  type FrameSeal,
  heldBytes,
  Kem,
  type ProposedFooter,
  type ProposedFrame,
  type ProposedParts,
  SealedPart,
  salvageFooter,
  salvageSealedFooter,
  sealedFooterPlaces,
} from '../../store-format/layouts.js';
import type { OpenSeal, Vault } from '../encryption/vault.js';
import { blake3 } from '../hashing/blake3.js';
import { ENTRY_KINDS } from '../packs/entry-kinds.js';
import { openedFrame } from './checked-frame.js';
import type { CheckPackResult } from './jobs.js';

export type Salvaged = NonNullable<CheckPackResult['salvaged']>;

/** @param vault of a store with keys: packs without are none of it. @returns undefined when nothing is left */
export function salvagePack(pack: Buffer, vault: Vault | undefined): Salvaged | undefined {
  const found = vault === undefined ? openFooter(pack) : sealedFooter(pack, vault);
  if (found === undefined) return undefined;
  const salvaged = readProposed(pack, found, vault);
  return salvaged.frames.length === 0 ? undefined : salvaged;
}

interface Found {
  readonly footer: ProposedFooter;
  readonly sealOf: (frame: ProposedFrame) => FrameSeal | undefined;
}

function openFooter(pack: Buffer): Found | undefined {
  const footer = salvageFooter(pack);
  return footer && { footer, sealOf: () => undefined };
}

function sealedFooter(pack: Buffer, vault: Vault): Found | undefined {
  for (const parts of sealedFooterPlaces(pack)) {
    const seal = openOne(parts.seals, vault);
    if (seal === undefined) continue;
    const ids = vault.guessPart(vault.idsSeal(seal), SealedPart.packIds, parts.idsPart);
    const rows = vault.guessPart(seal, SealedPart.packRows, parts.rowsPart);
    const footer = salvageSealedFooter(ids, rows, parts.footerOffset);
    if (footer === undefined) continue;
    const common = { key: vault.frameKeyOf(seal), storeId: vault.keyring.storeId, salt: seal.salt };
    const sealOf = ({ ordinal, sealedBytes = 0 }: ProposedFrame) => ({ ...common, ordinal, sealedBytes });
    return { footer, sealOf };
  }
  return undefined;
}

function openOne(seals: ProposedParts['seals'], vault: Vault): OpenSeal | undefined {
  for (const seal of seals) {
    try {
      return vault.openSeal(seal, Kem.readers);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return undefined;
}

function readProposed(pack: Buffer, { footer, sealOf }: Found, vault: Vault | undefined): Salvaged {
  const frames: Frame[] = [];
  const lengths: number[] = [];
  const ids: Uint8Array[] = [];
  for (const { lengths: own, ordinal, sealedBytes, ...row } of footer.frames) {
    const seal = sealOf({ ...row, lengths: own, ordinal, ...(sealedBytes && { sealedBytes }) });
    const frame = seal === undefined ? row : { ...row, seal };
    const opened = openedFrame(frame, pack.subarray(row.offset, row.offset + heldBytes(frame)));
    if (opened === undefined) continue;
    frames.push({ ...frame, entries: own.length, hash: blake3(opened.stored) });
    let offset = 0;
    for (const length of own) {
      const entry = opened.plain.subarray(offset, offset + length);
      ids.push(ENTRY_KINDS[row.kind].idOf(entry, vault?.entryHash ?? blake3));
      lengths.push(length);
      offset += length;
    }
  }
  return { kind: footer.kind, frames, lengths: Uint32Array.from(lengths), ids: Buffer.concat(ids) };
}
