/** What the encoder and the decoder of packs share. */
import { HASH_BYTES } from './limits.js';
import { SEAL_BYTES } from './seal.js';
import { SIGNATURE_SLOT_BYTES } from './signature.js';

export const HEADER_MAGIC = 'DOPLPACK';
export const FOOTER_MAGIC = 0x544f4644; // "DFOT"
export const SEALED_FOOTER_MAGIC = 0x534f4644; // "DFOS"
export const TRAILER_MAGIC = 0x4c525444; // "DTRL"

export const PACK_HEADER_BYTES = 16;
export const FOOTER_FIXED_BYTES = 64;
export const FRAME_ROW_BYTES = 56;

/** Of a sealed footer: what stands before its parts. */
export const SEALED_FOOTER_FIXED_BYTES = 16 + SEAL_BYTES;
/** Of the ids part: what stands before the ids. */
export const SEALED_IDS_FIXED_BYTES = 24;
/** What a row of a sealed pack has besides: length of the sealed bytes. */
export const SEALED_ROW_BYTES = 4;

/** Within the trailer. */
export const TRAILER_HASH_AT = 40;
export const TRAILER_SIGNATURE_AT = TRAILER_HASH_AT + HASH_BYTES;
export const PACK_TRAILER_BYTES = TRAILER_SIGNATURE_AT + SIGNATURE_SLOT_BYTES;
