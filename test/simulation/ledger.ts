/** What users were told: images that were published, pins that hold. */
import type { SmallDisk } from './disks.js';

export interface PublishedImage {
  readonly pub: string;
  /** What references name. */
  readonly id: string;
  readonly disk: SmallDisk;
  /** True time at which its capture was reported to have succeeded. */
  readonly publishedMs: number;
}

export class Ledger {
  readonly images = new Map<string, PublishedImage>();
  /** Pin id -> the image that it keeps, from when its making was reported until its end is asked for. */
  readonly pins = new Map<string, string>();

  publish(image: PublishedImage): void {
    this.images.set(image.pub, image);
  }

  count(which: (image: PublishedImage) => boolean): number {
    let count = 0;
    for (const image of this.images.values()) if (which(image)) count++;
    return count;
  }

  isPinned(pub: string): boolean {
    for (const pinned of this.pins.values()) if (pinned === pub) return true;
    return false;
  }
}
