/** Images as users see them. */
import type { DiskLayout } from '../../store-format/index.js';

export interface ImageSource {
  readonly kind: 'file' | 'device' | 'stream';
  readonly path: string;
  readonly host: string;
  readonly model?: string;
  readonly serial?: string;
  readonly sectorSize: number;
}

export interface Image {
  /** 32 hex digits. */
  readonly id: string;
  readonly name: string;
  /** Counts the captures of this name, from 1. */
  readonly sequence: number;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly description?: string;
  /** When reading the source began. */
  readonly started: Date;
  readonly created: Date;
  readonly size: number;
  /** Bytes that are not in holes. */
  readonly usedBytes: number;
  /** Plain bytes that no image had before this capture. */
  readonly newBytes: number;
  /** What this capture added to the store's files. */
  readonly storedBytes: number;
  readonly chunks: number;
  readonly newChunks: number;
  /** 64 hex digits; `digest()` of a disk with the same bytes gives the same. */
  readonly digest: string;
  readonly sha256?: string;
  readonly source: ImageSource;
  readonly layout: DiskLayout;
  /** Bytes that could not be read and stand as zeros. */
  readonly badBytes: number;
  readonly removed: boolean;
  readonly protected: boolean;
  /** 32 hex digits: the manifest's name in `images/`. */
  readonly publication: string;
  /** Publication of the image that it was predicted from; it may be gone since. */
  readonly parent?: string;
  /** Version of doppel that captured it. */
  readonly writer: string;
  /** Whose signature it has, in a store with keys. */
  readonly signedBy?: ImageSigner;
}

export interface ImageSigner {
  /** Label of its key; `owner` for all with full access. */
  readonly writer: string;
  /** Its public key, 64 hex digits. */
  readonly key: string;
  readonly access: 'full' | 'write';
  /** Whether it may publish under the image's name: else the image is none of that name. */
  readonly allowed: boolean;
}

export interface ImageFilter {
  /** A glob over names, such as `web*`. */
  readonly pattern?: string;
  /** Every label given must match. */
  readonly labels?: Readonly<Record<string, string>>;
  /** `true`: removed images instead of live ones. */
  readonly removed?: boolean;
}

/** Random access to one image. Its lease keeps the image's data until `close`. */
export interface ImageReader {
  readonly image: Image;
  readonly size: number;
  /** Fewer bytes than asked for only at the image's end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
