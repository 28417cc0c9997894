/** Builds structures field by field, straight from SPEC.md's tables: what the codecs are compared with. */
export const u16 = (n: number): Buffer => le(n, 2);
export const u32 = (n: number): Buffer => le(n, 4);
export const u64 = (n: number): Buffer => le(n, 8);
export const hex = (text: string): Buffer => Buffer.from(text, 'hex');
export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
export const zeros = (n: number): Buffer => Buffer.alloc(n);

function le(n: number, bytes: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(n));
  return out.subarray(0, bytes);
}

/** A copy with some bytes replaced. */
export function patched(bytes: Uint8Array, at: number, field: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(field, at);
  return copy;
}
