/**
 * The library of images: what is in the store by name, tag, label and id, and the small changes to it. Reads
 * manifests' headers and records; never the chunk index.
 */
import picomatch from 'picomatch';
import {
  type ManifestHeader,
  type NameRecord,
  type PubId,
  parseLeaseId,
  pubIdOf,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import type { Image, ImageFilter, Warning } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { type HeadListing, ManifestHeads } from './image-heads.js';
import type { ImageMemory, ShownImages } from './image-memory.js';
import { findPurged, listMarks, setMark } from './marks.js';
import { bySequence, changeNameRecord, readNameRecordLeniently, resolveTags } from './name-records.js';
import { checkName, checkWords, parseReference, type Reference } from './reference.js';
import { toImage } from './to-image.js';

type Shown = ShownImages['names'] extends ReadonlyMap<string, infer One> ? One : never;

/** Everything that the library knows at one moment. */
export interface LibraryState {
  readonly images: readonly Image[];
  readonly listing: HeadListing;
  /** Manifests, name records and marks that cannot be read or were there once: readers do without them, writers must not. */
  readonly unreadable: readonly StoreError[];
}

export class ImageLibrary {
  readonly #heads: ManifestHeads;

  constructor(
    private readonly objects: ObjectStore,
    private readonly environment: Environment,
    private readonly warn: (warning: Warning) => void,
    private readonly memory?: ImageMemory,
  ) {
    this.#heads = new ManifestHeads(objects);
  }

  /** The headers of all images, purged ones included. */
  async heads(): Promise<HeadListing> {
    const { headers, unreadable } = await this.#heads.list();
    if (unreadable.length === 0) return { headers, unreadable };
    // What was purged is no image any more, whatever stands there.
    const idOf = ({ details }: StoreError) => parseLeaseId(details.object ?? '');
    const ids = unreadable.map(idOf).filter((id) => id !== undefined);
    const purged: ReadonlySet<string | undefined> = await findPurged(this.objects, ids);
    return { headers, unreadable: unreadable.filter((error) => !purged.has(idOf(error))) };
  }

  /** All images, removed ones included (not purged ones), by name and sequence. */
  async load(): Promise<LibraryState> {
    const state = await this.#load();
    for (const { code, message } of state.unreadable)
      this.warn({ code: code === 'rolled-back' ? code : 'image-unreadable', message });
    return state;
  }

  /**
   * What cannot be read may be any image's newest version, tag or protection: writers stop, readers may go on.
   *
   * @throws object-damaged, object-unreadable, unsupported-format, rolled-back
   */
  async requireReadable(): Promise<LibraryState> {
    const state = await this.#load();
    const [damaged] = state.unreadable;
    if (damaged !== undefined) throw damaged;
    return state;
  }

  /**
   * For who deletes what no image needs: images that are gone for no reason may be needed.
   *
   * @throws rolled-back
   */
  async requireNotRolledBack(): Promise<void> {
    if (this.memory === undefined) return;
    const { unreadable } = await this.#load();
    const rolledBack = unreadable.find(({ code }) => code === 'rolled-back');
    if (rolledBack !== undefined) throw rolledBack;
  }

  async #load(): Promise<LibraryState> {
    const recalled = await this.memory?.recall();
    const listing = await this.heads();
    const unreadable = [...listing.unreadable];
    const present = new Set(listing.headers.map(pubIdOf));
    const marks = await listMarks(this.objects, present, (error) => unreadable.push(error));
    const images: Image[] = [];
    const names: Map<string, Shown> = new Map();
    for (const [name, headers] of groupByName(listing.headers)) {
      const { record, highest, damage } = await readNameRecordLeniently(this.objects, name);
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
    const complete = unreadable.length === 0;
    const rolledBack = await recalled?.judge(this.objects, { names, images: present, complete });
    if (rolledBack !== undefined) unreadable.push(rolledBack);
    return { images, listing, unreadable };
  }

  async list(filter: ImageFilter = {}): Promise<readonly Image[]> {
    const { images } = await this.load();
    const labels = Object.entries(filter.labels ?? {});
    const matches = picomatch(filter.pattern ?? '*', { dot: true });
    return images.filter(
      (image) =>
        image.removed === (filter.removed ?? false) &&
        matches(image.name) &&
        labels.every(([key, value]) => image.labels[key] === value),
    );
  }

  /** @param among 'live' by default; removed images are found by id or by the newest of their name */
  async resolve(text: string, among: 'live' | 'removed' = 'live'): Promise<Image> {
    const reference = parseReference(text);
    const { images, unreadable } = await this.load();
    const wanted = images.filter((image) => image.removed === (among === 'removed'));
    const found = select(wanted, reference);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const candidates = found.map((image) => `${image.name}@${image.id}`);
      throw new StoreError(
        'ambiguous-reference',
        `"${text}" could be ${listed(candidates)}; give more digits`,
        {
          reference: text,
          candidates,
        },
      );
    }
    throw unknownReference(text, images, reference, among, unreadable.length);
  }

  async tag(text: string, tag: string): Promise<Image> {
    const normal = checkName(tag, 'tag');
    await this.requireReadable();
    const image = await this.resolve(text);
    return this.#change(image, (record, at) => ({
      ...record,
      tags: { ...record.tags, [normal]: { image: image.publication, at } },
    }));
  }

  async untag(text: string): Promise<Image> {
    const reference = parseReference(text);
    if (reference.kind !== 'tag') {
      throw new StoreError('bad-reference', `"${text}" names no tag; use NAME:TAG`, { reference: text });
    }
    await this.requireReadable();
    const image = await this.resolve(text);
    return this.#change(image, (record, at) => ({
      ...record,
      tags: { ...record.tags, [reference.tag]: { image: null, at } },
    }));
  }

  async label(text: string, labels: Readonly<Record<string, string | null>>): Promise<Image> {
    await this.requireReadable();
    const image = await this.resolve(text);
    const merged = { ...image.labels };
    for (const [key, value] of Object.entries(labels)) {
      if (value === null) delete merged[key];
      else merged[key] = value;
    }
    checkWords({ labels: merged });
    return this.#change(image, (record) => ({
      ...record,
      labels: { ...record.labels, [image.publication]: merged },
    }));
  }

  async setProtection(text: string, isProtected: boolean): Promise<Image> {
    await this.requireReadable();
    const image = await this.resolve(text);
    return this.#change(image, (record) => {
      const others = record.protected.filter((id) => id !== image.publication);
      return { ...record, protected: isProtected ? [...others, image.publication] : others };
    });
  }

  async remove(text: string): Promise<Image> {
    await this.requireReadable();
    const image = await this.resolve(text);
    if (image.protected) {
      throw new StoreError(
        'image-protected',
        `Image ${shortName(image)} is protected; run "doppel unprotect" first`,
        {
          image: image.id,
        },
      );
    }
    await setMark(this.objects, this.environment, image.publication as PubId, 'removed');
    return { ...image, removed: true };
  }

  async undelete(text: string): Promise<Image> {
    await this.requireReadable();
    const image = await this.resolve(text, 'removed');
    await setMark(this.objects, this.environment, image.publication as PubId, 'restored');
    return this.#again(image);
  }

  async #change(image: Image, change: (record: NameRecord, at: number) => NameRecord): Promise<Image> {
    const { headers } = await this.#heads.list();
    const sequences = headers.filter(({ name }) => name === image.name).map(({ sequence }) => sequence);
    await changeNameRecord(this.objects, image.name, (record) => change(record, Math.max(0, ...sequences)));
    return this.#again(image);
  }

  async #again(image: Image): Promise<Image> {
    const { images } = await this.load();
    return images.find(({ publication }) => publication === image.publication) ?? image;
  }
}

function select(images: readonly Image[], reference: Reference): readonly Image[] {
  if (reference.kind === 'id') {
    return images.filter(
      ({ id, name }) => id.startsWith(reference.prefix) && (reference.name ?? name) === name,
    );
  }
  const named = images.filter(({ name }) => name === reference.name);
  if (reference.kind === 'tag') return named.filter(({ tags }) => tags.includes(reference.tag));
  return named.slice(0, named.length - reference.back).slice(-1);
}

function unknownReference(
  text: string,
  images: readonly Image[],
  reference: Reference,
  among: 'live' | 'removed',
  unreadable: number,
): StoreError {
  const others = images.filter((image) => image.removed !== (among === 'removed'));
  const hint =
    among === 'live' && select(others, reference).length > 0
      ? 'it was removed: "doppel undelete" brings it back'
      : unreadable > 0
        ? 'it may be what cannot be read: "doppel verify --all" tells what is damaged'
        : among === 'removed'
          ? 'gc may have purged it: "doppel ls --removed" lists those that can be brought back'
          : '"doppel ls" lists the images';
  return new StoreError(
    'unknown-reference',
    `There is no ${among === 'removed' ? 'removed ' : ''}image "${text}"; ${hint}`,
    {
      reference: text,
    },
  );
}

/** `web@3f2a91c0`: what messages call an image. */
export function shortName(image: Pick<Image, 'name' | 'id'>): string {
  return `${image.name}@${image.id.slice(0, 8)}`;
}

function listed(candidates: readonly string[]): string {
  const shown = candidates.slice(0, 5).join(', ');
  return candidates.length > 5 ? `${shown} and ${candidates.length - 5} more` : shown;
}

/** Names in order, the images of each oldest first. */
function groupByName(headers: readonly ManifestHeader[]): Map<string, ManifestHeader[]> {
  const groups = new Map<string, ManifestHeader[]>();
  for (const name of new Set(headers.map((header) => header.name).sort())) {
    groups.set(name, headers.filter((header) => header.name === name).sort(bySequence));
  }
  return groups;
}
