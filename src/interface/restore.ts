import type { Extent } from '../../store-format/index.js';
import type { Image } from './image.js';
import type { OperationOptions } from './operation.js';

export interface RestoreOptions extends OperationOptions {
  /** Consent to replace a file or to overwrite a device. */
  readonly overwrite?: boolean;
  /**
   * Update the file or device where it stands: what it holds is compared with the image, and only 4 KiB blocks that
   * differ are written. A file needs no `overwrite`, a device does. A file gets the image's size; one that is missing is
   * made; all its hard links change with it. Stopped half-way it is part old, part new: restoring again completes it.
   * Not for streams.
   */
  readonly inPlace?: boolean;
  /**
   * Files or devices whose content is looked at first: chunks that they hold are not fetched from the store. Each is
   * read in full; what is taken from it is checked, so it may change meanwhile, and may be the target itself.
   */
  readonly seeds?: readonly string[];
  /** Read the target back and compare. */
  readonly verify?: boolean;
  /**
   * End when the target's bytes are on its disk. Devices, and files that take an old one's name, always are; other
   * files are when the system has written them.
   */
  readonly sync?: boolean;
  /** Default 'fail'. 'zero' restores what can be had and lists the rest. */
  readonly onDamage?: 'fail' | 'zero';
  /** Check that all is there and that the target would do; write nothing. */
  readonly dryRun?: boolean;
}

export interface RestoreResult {
  readonly image: Image;
  readonly target: string;
  readonly size: number;
  /** Bytes written to the target, holes not counted. 0 in a dry run. */
  readonly writtenBytes: number;
  /**
   * In place: bytes of the image that the target held already, and bytes that it did not: those were written, or were
   * data where the image has a hole. A dry run tells them to the edges of chunks: at most `differentBytes` are written.
   */
  readonly sameBytes?: number;
  readonly differentBytes?: number;
  /** Bytes that came from seeds and not from the store. */
  readonly seedBytes: number;
  /** Ranges that stand as zeros because the store could not give them. */
  readonly damagedRanges: readonly Extent[];
  readonly verified: boolean;
  readonly seconds: number;
}
