/** What a probe is: it knows one family of signatures, reads only what it must, and trusts nothing it reads. */

import type { FileSystem } from '../../../store-format/disk-layout.js';
import type { Volume } from '../disk-bytes.js';

export interface Probe {
  readonly name: string;
  /** The volume belongs to a layer below file systems, and its content may look like anything. */
  readonly isMember?: boolean;
  /** A volume that ends in 55 AA because of this file system has no partition table. */
  readonly ownsBootSector?: boolean;
  /** Undefined if the signature is not there, not plausible, or not readable. */
  find(volume: Volume): Promise<FileSystem | undefined>;
}
