/** The library as it is at one moment: headers, with what names and marks say of them. */
import { type ManifestHeader, type PubId, parseLeaseId, pubIdOf } from '../../store-format/index.js';
import type { StoreError } from '../errors.js';
import type { Image } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { HeadListing } from './image-heads.js';
import type { ShownImages } from './image-memory.js';
import { listMarks, type MarkInForce } from './marks.js';
import { bySequence, emptyRecord, isAllowed, readNameRecordLeniently, resolveTags } from './name-records.js';
import { toImage } from './to-image.js';

type Shown = ShownImages['names'] extends ReadonlyMap<string, infer One> ? One : never;

/** Everything that the library knows at one moment. */
export interface LibraryState {
  readonly images: readonly Image[];
  /**
   * Images whose writers had no right to publish them under their names. They are no versions of these names; named by
   * their publication, as their writers may give them any image id, they can be looked at and removed.
   */
  readonly strays: readonly Image[];
  readonly listing: HeadListing;
  /** Manifests, name records and marks that cannot be read or were there once: readers do without them, writers must not. */
  readonly unreadable: readonly StoreError[];
}

export async function readState(
  objects: ObjectStore,
  listing: HeadListing,
): Promise<{ readonly state: LibraryState; readonly shown: ShownImages }> {
  const unreadable = [...listing.unreadable];
  const present = new Set(listing.headers.map(pubIdOf));
  const marks = await listMarks(objects, present, (error) => unreadable.push(error));
  const images: Image[] = [];
  const names = new Map<string, Shown>();
  for (const [name, headers] of groupByName(listing.headers.filter(isAllowed))) {
    const { record, highest, damage } = await readNameRecordLeniently(objects, name);
    if (damage !== undefined) unreadable.push(damage);
    const verdictOf = (header: ManifestHeader) => marks.get(pubIdOf(header))?.verdict ?? 'restored';
    const tags = resolveTags(
      headers.filter((header) => verdictOf(header) === 'restored'),
      record,
    );
    for (const header of headers) {
      const verdict = verdictOf(header);
      if (verdict !== 'purged') images.push(toImage(header, record, tags, verdict === 'removed'));
    }
    const newest = headers.findLast((header) => verdictOf(header) !== 'purged');
    names.set(name, { newest: newest && pubIdOf(newest), record: highest });
  }
  const strays = straysAmong(listing.headers, marks);
  const shown: ShownImages = {
    names,
    images: present,
    unreadable: new Set(
      listing.unreadable.flatMap(({ details }) => parseLeaseId(details.object ?? '') ?? []),
    ),
    complete: unreadable.length === 0,
  };
  return { state: { images, strays, listing, unreadable }, shown };
}

function straysAmong(
  headers: readonly ManifestHeader[],
  marks: ReadonlyMap<PubId, MarkInForce>,
): readonly Image[] {
  const strays: Image[] = [];
  for (const header of headers) {
    const verdict = marks.get(pubIdOf(header))?.verdict ?? 'restored';
    if (isAllowed(header) || verdict === 'purged') continue;
    const image = toImage(header, emptyRecord(header.name), new Map(), verdict === 'removed');
    strays.push({ ...image, id: image.publication });
  }
  return strays;
}

/** Names in order, the images of each oldest first. */
function groupByName(headers: readonly ManifestHeader[]): Map<string, ManifestHeader[]> {
  const groups = new Map<string, ManifestHeader[]>();
  for (const name of new Set(headers.map((header) => header.name).sort())) {
    groups.set(name, headers.filter((header) => header.name === name).sort(bySequence));
  }
  return groups;
}
