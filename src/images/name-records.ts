/**
 * What was said about a name's images after their capture: tags, labels, protection (SPEC.md, "References and tags").
 * A tag that came with a capture stands in the manifest, so that publishing an image with a tag is one step.
 */
import {
  type ManifestHeader,
  type NameRecord,
  NameRecordSchema,
  nameFolder,
} from '../../store-format/index.js';
import type { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { changeHighest, readHighest, readHighestReadable } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

export async function readNameRecord(objects: ObjectStore, name: string): Promise<NameRecord> {
  const record = await readHighest(objects, nameFolder(name, blake3), 'name', NameRecordSchema);
  return record?.value ?? emptyRecord(name);
}

/** For readers: the newest record that can be read, and what is wrong with the one in force. */
export async function readNameRecordLeniently(
  objects: ObjectStore,
  name: string,
): Promise<{ readonly record: NameRecord; readonly highest: number; readonly damage?: StoreError }> {
  const { value, highest, damage } = await readHighestReadable(
    objects,
    nameFolder(name, blake3),
    'name',
    NameRecordSchema,
  );
  const record = value ?? emptyRecord(name);
  return damage === undefined ? { record, highest } : { record, highest, damage };
}

export function changeNameRecord(
  objects: ObjectStore,
  name: string,
  change: (current: NameRecord) => NameRecord,
): Promise<NameRecord> {
  return changeHighest(objects, nameFolder(name, blake3), 'name', NameRecordSchema, (current) =>
    change(current ?? emptyRecord(name)),
  );
}

export function emptyRecord(name: string): NameRecord {
  return { name, tags: {}, labels: {}, protected: [] };
}

/** Whether the image is one of its name: its writer had the right to publish it there (SPEC.md, section 17, "Signatures"). */
export function isAllowed({ signedBy }: Pick<ManifestHeader, 'signedBy'>): boolean {
  return signedBy?.allowed !== false;
}

/** The sequence that the next image of a name gets: above all that was ever said about the name. */
export function nextSequence(headers: readonly ManifestHeader[], record: NameRecord): number {
  const said = Object.values(record.tags).map((tag) => tag.at);
  // Nobody can make the next one impossible: images of equal sequence have an order, too.
  return Math.min(
    Number.MAX_SAFE_INTEGER,
    1 + Math.max(0, ...headers.map((header) => header.sequence), ...said),
  );
}

/** Tag -> PubId, among the live images of one name. An image captured with a tag after the record spoke of it wins. */
export function resolveTags(
  live: readonly ManifestHeader[],
  record: NameRecord,
): ReadonlyMap<string, string> {
  const tagged = new Map<string, ManifestHeader>();
  for (const [tag, { image }] of Object.entries(record.tags)) {
    const header = live.find(({ pubId }) => pubId === image);
    if (header !== undefined) tagged.set(tag, header);
  }
  for (const header of [...live].sort(bySequence)) {
    const { tag, sequence } = header;
    if (tag === undefined || sequence <= (record.tags[tag]?.at ?? 0)) continue;
    if (mayTakeFrom(tagged.get(tag), header)) tagged.set(tag, header);
  }
  return new Map([...tagged].map(([tag, { pubId }]) => [tag, pubId]));
}

/** A machine that may only write takes a tag from its own images: policies keep what has a tag. */
function mayTakeFrom(holder: ManifestHeader | undefined, { signedBy }: ManifestHeader): boolean {
  return holder === undefined || signedBy?.access !== 'write' || signedBy.writer === holder.signedBy?.writer;
}

/** Oldest first; ties between captures at the same time are settled for good. */
export function bySequence(a: ManifestHeader, b: ManifestHeader): number {
  return a.sequence - b.sequence || a.createdMs - b.createdMs || (a.pubId < b.pubId ? -1 : 1);
}
