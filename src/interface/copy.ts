import type { Problem } from './findings.js';
import type { Image } from './image.js';
import type { OperationOptions } from './operation.js';
import type { OpenOptions } from './store.js';

/** How another store is opened: as the first one, where nothing else is said. */
export type OpenOtherOptions = Pick<OpenOptions, 'unlock' | 'requireKeys' | 'trust'>;

export interface CopyOptions extends OperationOptions {
  /** Count what would be new to the other store, and write nothing. */
  readonly dryRun?: boolean;
  /** How the other store is opened, where it is given as a folder. */
  readonly openTarget?: OpenOtherOptions;
}

export interface CopiedImage {
  /** As the other store has it now; in a dry run, as this one has it. */
  readonly image: Image;
  /**
   * entries: both stores cut and name content alike, so chunks, recipes and pages went over as they are. cut-anew: the image
   * was read, and cut as the other store does.
   */
  readonly how: 'entries' | 'cut-anew';
  /** Plain bytes that were read from packs, decoded and checked. */
  readonly readBytes: number;
  readonly zeroBytes: number;
  /** Plain bytes that the other store had, and those that it had not. */
  readonly sharedBytes: number;
  readonly newBytes: number;
  /** What the copy added to the other store's packs: 0 in a dry run. */
  readonly storedBytes: number;
  readonly chunks: number;
  readonly newChunks: number;
}

export interface CopyResult {
  /** Where the other store is. */
  readonly target: string;
  readonly dryRun: boolean;
  readonly copied: readonly CopiedImage[];
  /** Images that the other store had already, as it has them: they may be removed ones. */
  readonly alreadyThere: readonly Image[];
  /** Images that cannot be read here as a whole, with the first range that is lost: nothing of them was published. */
  readonly problems: readonly Problem[];
  /** Sums over the images copied. */
  readonly readBytes: number;
  readonly newBytes: number;
  readonly storedBytes: number;
  readonly seconds: number;
}
