/**
 * The library of images: what is in the store by name, tag, label and id, and the small changes to it. Reads
 * manifests' headers and records; never the chunk index.
 */
import picomatch from 'picomatch';
import { type NameRecord, type PubId, parseLeaseId } from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import type { Image, ImageFilter, Warning } from '../interface.js';
import { requireFullAccess } from '../objects/key-forbids.js';
import type { ObjectStore } from '../objects/object-store.js';
import { type HeadListing, ManifestHeads } from './image-heads.js';
import type { ImageMemory } from './image-memory.js';
import { type LibraryState, readState } from './library-state.js';
import { findPurged, setMark } from './marks.js';
import { changeNameRecord, isAllowed } from './name-records.js';
import { checkName, checkWords, parseReference } from './reference.js';
import { doubtOf } from './reference-doubt.js';
import { requireNamed } from './require-named.js';
import { ambiguousReference, select, uncertainReference, unknownReference } from './select-images.js';
import { shortName } from './short-name.js';

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

  /** The headers of all images, purged ones included. @throws key-forbids */
  async heads(): Promise<HeadListing> {
    requireFullAccess(this.objects);
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
   * What cannot be read may be any image's newest version, tag or protection: writers stop. Readers may go on with images
   * that they list or know by id, not with a reference that it may decide (`resolve`).
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
    const { state, shown } = await readState(this.objects, await this.heads());
    const rolledBack = await recalled?.judge(this.objects, shown);
    return rolledBack === undefined ? state : { ...state, unreadable: [...state.unreadable, rolledBack] };
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

  /**
   * @param among 'live' by default; removed images are found by id or by the newest of their name
   * @throws unknown-reference, ambiguous-reference; what is wrong with an object that may decide which image is meant
   */
  async resolve(text: string, among: 'live' | 'removed' = 'live'): Promise<Image> {
    const reference = parseReference(text);
    const { images, strays, unreadable } = await this.load();
    const isAmong = (image: Image) => image.removed === (among === 'removed');
    const named = select(images.filter(isAmong), reference);
    // A stray is found by its id alone, and stands in nobody's way.
    const isById = named.length === 0 && reference.kind === 'id';
    const found = isById ? select(strays.filter(isAmong), reference) : named;
    if (found.length === 1) {
      const doubt = doubtOf(reference, images, unreadable);
      if (doubt !== undefined) throw uncertainReference(text, found[0]!, doubt);
      return found[0]!;
    }
    if (found.length > 1) throw ambiguousReference(text, found);
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
    requireNamed(image);
    const { headers } = await this.#heads.list();
    const ofName = headers.filter((header) => header.name === image.name && isAllowed(header));
    const sequences = ofName.map(({ sequence }) => sequence);
    await changeNameRecord(this.objects, image.name, (record) => change(record, Math.max(0, ...sequences)));
    return this.#again(image);
  }

  async #again(image: Image): Promise<Image> {
    const { images, strays } = await this.load();
    return [...images, ...strays].find(({ publication }) => publication === image.publication) ?? image;
  }
}
