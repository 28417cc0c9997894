/** What is wrong with some bytes, and where in them. */
export type FormatErrorCode =
  | 'truncated' // fewer bytes than the structure says
  | 'bad-magic' // not this structure at all
  | 'bad-version' // another format version
  | 'bad-hash' // the bytes differ from those that were written
  | 'bad-value' // a field has a value that no writer produces
  | 'unknown-key' // sealed or signed by a key that is not at hand
  | 'bad-seal' // sealed bytes that do not open, or a signature that nobody who may gave
  | 'not-allowed' // signed by somebody whose right it is not
  | 'misplaced' // a sound object under another object's key
  | 'too-large'; // beyond the limits of SPEC.md

/** The only error that `store-format` throws on foreign bytes. */
export class FormatError extends Error {
  override readonly name = 'FormatError';

  constructor(
    readonly code: FormatErrorCode,
    /** Which structure was being decoded, such as "pack footer". */
    readonly structure: string,
    /** Byte offset within that structure. */
    readonly offset: number,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${structure}: ${detail} (at byte ${offset})`, options);
  }
}
