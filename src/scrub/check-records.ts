/**
 * Reads every manifest and record. A damaged one that others must obey is a problem; one that has been replaced, or that
 * only informs, is odd and no more.
 */
import type * as v from 'valibot';
import {
  AttestationSchema,
  CondemnedSchema,
  ConfigSchema,
  checkMark,
  DamagedSchema,
  decodeRecord,
  GcRecordSchema,
  KeySlotSchema,
  LeaseSchema,
  LostSchema,
  type Mark,
  MarkSchema,
  NameRecordSchema,
  nameFolder,
  PinSchema,
  parseLeaseId,
  parseMark,
  parseNumber,
  parsePackId,
  type RecordKind,
} from '../../store-format/index.js';
import type { Findings } from '../engine/findings.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { checkSlots, slotCheck } from './check-slots.js';

const READS_AHEAD = 16;

interface RecordFolder {
  readonly folder: string;
  readonly kind: RecordKind;
  readonly schema: v.GenericSchema<unknown, unknown>;
  readonly parse: (key: string) => unknown;
  /** Whether a damaged one does harm; the numbered ones only when they are the highest. */
  readonly matters: boolean;
  /** Whether a name of another form stops gc, as it may be a root of a kind that is not known here. */
  readonly strict?: boolean;
}

const FOLDERS: readonly RecordFolder[] = [
  { folder: 'config', kind: 'config', schema: ConfigSchema, parse: parseNumber, matters: true },
  { folder: 'removed', kind: 'mark', schema: MarkSchema, parse: parseMark, matters: true, strict: true },
  { folder: 'leases', kind: 'lease', schema: LeaseSchema, parse: parseLeaseId, matters: true, strict: true },
  { folder: 'pins', kind: 'pin', schema: PinSchema, parse: parseLeaseId, matters: true, strict: true },
  { folder: 'gc', kind: 'gc', schema: GcRecordSchema, parse: parseNumber, matters: true },
  { folder: 'lost', kind: 'lost', schema: LostSchema, parse: parseLeaseId, matters: true },
  { folder: 'condemned', kind: 'condemned', schema: CondemnedSchema, parse: parsePackId, matters: false },
  { folder: 'damaged', kind: 'damaged', schema: DamagedSchema, parse: parsePackId, matters: false },
  { folder: 'attested', kind: 'attestation', schema: AttestationSchema, parse: parseLeaseId, matters: false },
];

const KEY_SLOTS: RecordFolder = {
  folder: 'keys',
  kind: 'key',
  schema: KeySlotSchema,
  parse: parseLeaseId,
  matters: true,
};

/** A record that cannot be used, though it can be read. */
export interface DamagedRecord {
  readonly key: string;
  readonly kind: RecordKind;
  /** Of a numbered record: whether it is the highest. */
  readonly inForce: boolean;
  /** Whether these bytes would be the record. @throws FormatError */
  readonly check: (bytes: Uint8Array) => void;
}

export interface RecordsChecked {
  readonly objects: number;
  readonly damaged: readonly DamagedRecord[];
}

/** @param names those of the images, whose records stand in folders that only a name leads to */
export async function checkRecords(
  objects: ObjectStore,
  names: Iterable<string>,
  findings: Findings,
): Promise<RecordsChecked> {
  const folders: RecordFolder[] = [...FOLDERS];
  for (const name of names) {
    const folder = nameFolder(name, blake3);
    folders.push({ folder, kind: 'name', schema: NameRecordSchema, parse: parseNumber, matters: true });
  }
  const { vault } = objects;
  if (vault !== undefined) folders.push(KEY_SLOTS);
  const damaged: DamagedRecord[] = [];
  let count = 0;
  for (const folder of folders) count += await checkFolder(objects, folder, damaged, findings);
  if (vault !== undefined) damaged.push(...(await checkSlots(objects, vault, findings)));
  for (const folder of ['images', 'packs']) await checkNames(objects, folder, findings);
  return { objects: count, damaged };
}

async function checkFolder(
  objects: ObjectStore,
  { folder, kind, schema, parse, matters, strict }: RecordFolder,
  damaged: DamagedRecord[],
  findings: Findings,
): Promise<number> {
  const keys = (await findings.of(() => objects.list(folder))) ?? [];
  const known = keys.filter((key) => parse(key) !== undefined);
  for (const key of keys) if (parse(key) === undefined) tellStray(key, strict === true, findings);
  const highest = Math.max(0, ...known.map((key) => parseNumber(key) ?? 0));
  await mapConcurrently(known, READS_AHEAD, async (key) => {
    try {
      await readRecord(objects, key, kind, schema, (value) => checkPlace(key, value));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === 'object-missing') return; // swept meanwhile
      const number = parseNumber(key);
      const inForce = number === undefined || number === highest;
      if (matters && inForce) findings.add(error);
      else findings.hint({ code: 'record-damaged', message: error.message, object: key });
      const check =
        kind === 'key'
          ? slotCheck(objects.vault!, key)
          : (bytes: Uint8Array) => void decodeRecord(kind, key, bytes, schema, blake3);
      if (error.code === 'object-damaged') damaged.push({ key, kind, inForce, check });
    }
  });
  return known.length;
}

function checkPlace(key: string, value: unknown): void {
  const mark = parseMark(key);
  if (mark !== undefined) checkMark(mark.image, mark.n, value as Mark);
}

async function checkNames(objects: ObjectStore, folder: string, findings: Findings): Promise<void> {
  const isObject = folder === 'packs' ? parsePackId : parseLeaseId;
  for (const key of (await findings.of(() => objects.list(folder))) ?? [])
    if (isObject(key) === undefined) tellStray(key, folder === 'images', findings);
}

/** Names that begin with a dot are nobody's business. */
function tellStray(key: string, stopsGc: boolean, findings: Findings): void {
  if (key.split('/').at(-1)!.startsWith('.')) return;
  const consequence = stopsGc ? 'gc stops until it is moved away' : 'move it away';
  const message = `${key} is no object that this version of doppel knows: ${consequence}`;
  findings.hint({ code: 'stray-object', message, object: key });
}
