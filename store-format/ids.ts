/**
 * Ids: branded hexadecimal strings for what is named, plain bytes for what is counted in millions.
 *
 * Entry ids (chunk, recipe, page) travel as 32 bytes inside larger buffers; only objects that have a file of
 * their own get a string.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 64 hex digits: BLAKE3 of a pack's footer and trailer as stored. */
export type PackId = Branded<'PackId'>;
/** 32 hex digits: a lease, and the name of the one manifest that its holder may publish. */
export type LeaseId = Branded<'LeaseId'>;
/** The name of a manifest in `images/`: the id of the lease that published it. */
export type PubId = LeaseId;
/** 32 hex digits: the image as users see it; a copy in another store keeps it. */
export type ImageId = Branded<'ImageId'>;
/** 32 hex digits. */
export type StoreId = Branded<'StoreId'>;
/** 64 hex digits: an entry's id (chunk, recipe, page, extent list) where one is named on its own. */
export type EntryId = Branded<'EntryId'>;

/** BLAKE3 of some bytes, 32 bytes long. Passed in, so that codecs do not choose an implementation. */
export type Blake3 = (bytes: Uint8Array) => Uint8Array;

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

export function isHex(text: string, bytes: number): boolean {
  return text.length === bytes * 2 && /^[0-9a-f]*$/.test(text);
}
