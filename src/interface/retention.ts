/** Which images of a name stay, and what a prune says about each. */
import type { Image } from './image.js';
import type { OperationOptions } from './operation.js';

/**
 * Rules that keep images of one name; what any of them keeps stays. The newest image and protected ones stay in any
 * case. Hours, days, weeks (from Monday), months and years are those of UTC.
 */
export interface RetentionPolicy {
  /** The newest so many. */
  readonly last?: number;
  /** The newest image of each of the last so many hours, days, … that have one. */
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** All that are at most so much older than the newest image of the name. */
  readonly withinMs?: number;
  /** Images with one of these tags. */
  readonly tags?: readonly string[];
  /** Images with one of these labels. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A policy that the store keeps. */
export interface StoredPolicy {
  /** A name, or a glob over names such as `web*`. */
  readonly pattern: string;
  readonly policy: RetentionPolicy;
}

export interface PruneOptions extends Pick<OperationOptions, 'signal'> {
  /** Names, or globs over names; all names when empty. Each must match an image. */
  readonly names?: readonly string[];
  /** Stands in for the policies of the store. */
  readonly policy?: RetentionPolicy;
  /** Say what would be removed, and change nothing. */
  readonly dryRun?: boolean;
}

export interface JudgedImage {
  /** As it was before, but for `removed`. */
  readonly image: Image;
  readonly kept: boolean;
  /**
   * What keeps it: `newest`, `protected`, `last`, `hourly`, `daily`, `weekly`, `monthly`, `yearly`, `within`, `tag T`,
   * `label K=V`.
   */
  readonly rules: readonly string[];
  /** The time that rules go by: of an image whose own is not trusted, the latest that it may have. */
  readonly effective: Date;
  /** Whether its recorded time contradicts those of other images, the place's, or reason: it counts in no one's stead. */
  readonly trusted: boolean;
  /** Pattern of the store's policy that was applied; absent where the caller gave one. */
  readonly policy?: string;
}

export interface PruneResult {
  /** Live images of the names that have a policy, by name, the oldest of each first. */
  readonly images: readonly JudgedImage[];
  readonly keptImages: number;
  readonly removedImages: number;
  /** Names that were asked about and that no policy is for: they were left alone. */
  readonly withoutPolicy: readonly string[];
  readonly dryRun: boolean;
}
