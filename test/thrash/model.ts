/**
 * What the driver knows about each image: whether it must be there, must be away, or may be either. A command that was
 * killed may have done its work or not, and so may two that changed the same image at once: that is "doubtful", and is
 * settled by looking, when nobody changes the image meanwhile.
 */
import type { Image } from '../../src/index.js';
import { ThrashFailure } from './failure.js';

export type State = 'live' | 'removed' | 'doubtful' | 'gone';

export interface KnownImage {
  /** Stands in the label `attempt`, so that an image of a killed capture can be told. */
  readonly attempt: string;
  readonly name: string;
  readonly sha256: string;
  id?: string;
  state: State;
  /** Moves on when a command that changes it starts, and when it ends. */
  version: number;
  changing: number;
  /** Since when a gc may have purged it, if it was removed. */
  removal: GcMoment;
  readonly tags: Set<string>;
}

/** How many gcs had started, and how many were running, at some moment. */
interface GcMoment {
  readonly started: number;
  readonly running: number;
}

export interface Change {
  readonly image: KnownImage;
  readonly version: number;
}

/** An image as it was when a command started that does not change it. */
export interface Glance {
  readonly image: KnownImage;
  readonly state: State;
  readonly version: number;
  /** Given for certain before. */
  readonly tags: readonly string[];
}

export class Model {
  readonly images = new Map<string, KnownImage>();
  /** Images that a capture is known to have published. */
  published = 0;
  #attempts = 0;
  #gc: GcMoment = { started: 0, running: 0 };

  newImage(name: string, sha256: string): KnownImage {
    const attempt = String(++this.#attempts);
    const image: KnownImage = {
      ...{ attempt, name, sha256, state: 'doubtful', version: 0, changing: 0 },
      ...{ removal: this.#gc, tags: new Set() },
    };
    this.images.set(attempt, image);
    return image;
  }

  with(...states: readonly State[]): KnownImage[] {
    return [...this.images.values()].filter(({ state, id }) => id !== undefined && states.includes(state));
  }

  startChange(image: KnownImage): Change {
    image.changing++;
    return { image, version: ++image.version };
  }

  /** @param state what the command reported; two changes at once leave doubt */
  endChange({ image, version }: Change, state: State): void {
    const alone = image.version === version && image.changing === 1;
    image.state = alone ? state : 'doubtful';
    image.changing--;
    image.version++;
  }

  glance(image: KnownImage): Glance {
    return { image, state: image.state, version: image.version, tags: [...image.tags] };
  }

  /** The image was in this state, and nobody changed it since. */
  wasCertainly(state: State, { image, state: seen, version }: Glance): boolean {
    return seen === state && image.version === version && image.changing === 0;
  }

  markRemoval(image: KnownImage): void {
    image.removal = this.#gc;
  }

  /** Whether any gc worked since the image's removal began. */
  mayBePurged({ removal }: KnownImage): boolean {
    return removal.running > 0 || this.#gc.started > removal.started;
  }

  startGc(): void {
    this.#gc = { started: this.#gc.started + 1, running: this.#gc.running + 1 };
  }

  endGc(): void {
    this.#gc = { ...this.#gc, running: this.#gc.running - 1 };
  }

  get runningGcs(): number {
    return this.#gc.running;
  }

  get startedGcs(): number {
    return this.#gc.started;
  }

  /** Holds what the store lists against what is known, and settles doubts. @throws ThrashFailure */
  settle(glances: readonly Glance[], live: readonly Image[], removed: readonly Image[]): void {
    const isLive = this.#byAttempt(live);
    const isRemoved = this.#byAttempt(removed);
    for (const glance of glances) {
      const { image, version, tags } = glance;
      if (image.version !== version || image.changing > 0) continue;
      const found = isLive.get(image.attempt) ?? isRemoved.get(image.attempt);
      const listed = isLive.has(image.attempt) ? 'live' : isRemoved.has(image.attempt) ? 'removed' : 'gone';
      this.#settleOne(image, listed, found);
      const lacking = tags.filter((tag) => listed === 'live' && !found!.tags.includes(tag));
      if (lacking.length > 0)
        throw new ThrashFailure(`${titleOf(image)} has lost its tags ${lacking.join(', ')}`);
    }
  }

  #byAttempt(images: readonly Image[]): Map<string, Image> {
    const found = new Map<string, Image>();
    for (const image of images) {
      const attempt = image.labels.attempt;
      if (attempt === undefined || !this.images.has(attempt)) {
        throw new ThrashFailure(`The store lists ${image.name}@${image.id}, which nobody captured`);
      }
      if (found.has(attempt)) throw new ThrashFailure(`The store lists attempt ${attempt} twice`);
      found.set(attempt, image);
    }
    return found;
  }

  #settleOne(image: KnownImage, listed: 'live' | 'removed' | 'gone', found: Image | undefined): void {
    const { state } = image;
    const allowed =
      state === 'doubtful' ||
      state === listed ||
      (state === 'removed' && listed === 'gone' && this.mayBePurged(image));
    if (!allowed) {
      throw new ThrashFailure(`${titleOf(image)} is ${listed} and should be ${state}`, state === 'live');
    }
    if (found !== undefined) this.#published(image, found);
    if (listed === 'removed' && state === 'doubtful') image.removal = { started: -1, running: 0 };
    image.state = listed;
  }

  #published(image: KnownImage, { id, name }: Image): void {
    if (name !== image.name || (image.id ?? id) !== id) {
      throw new ThrashFailure(`${titleOf(image)} is listed as ${name}@${id}`);
    }
    if (image.id === undefined) this.published++;
    image.id = id;
  }
}

export function titleOf({ name, id, attempt }: KnownImage): string {
  return `Image ${name}@${id ?? '?'} of attempt ${attempt}`;
}
