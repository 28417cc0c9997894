/**
 * The subset of msgpack that payloads use (SPEC.md, "Payload encoding"): nil, booleans, numbers, strings, arrays and
 * maps with distinct string keys, nothing after the value, no deeper than 16. It is read here and not by a general decoder,
 * so that extensions, bombs of nesting and keys that mean something to JavaScript have no way in, and so that a value
 * takes no more memory than SPEC.md, "Limits" allows for its bytes.
 */
import { FormatError } from './format-error.js';

const MAX_DEPTH = 16;
const TWO_32 = 2 ** 32;
/** The largest index an array can have; see `keepSparse`. */
const LAST_INDEX = '4294967294';

/** @throws FormatError when the bytes are anything else than one value of the subset. */
export function decodePlainMsgpack(bytes: Uint8Array, structure: string): unknown {
  const reader = new Reader(bytes, structure);
  const value = reader.value(0);
  if (reader.at !== bytes.length) reader.fail('bytes after the payload');
  return value;
}

class Reader {
  at = 0;
  private readonly view: DataView;
  private readonly text: Buffer;
  /** Elements that the rest may have: each takes a byte at least. */
  private elementsLeft: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly structure: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.elementsLeft = bytes.length;
  }

  fail(detail: string): never {
    throw new FormatError('bad-value', this.structure, this.at, detail);
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.fail('nested too deeply');
    const token = this.size(1);
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    if (token < 0x90) return this.map(token & 0x0f, depth);
    if (token < 0xa0) return this.array(token & 0x0f, depth);
    if (token < 0xc0) return this.string(token & 0x1f);
    if (token >= 0xd9 && token <= 0xdb) return this.string(this.size(1 << (token - 0xd9)));
    if (token === 0xdc || token === 0xdd) return this.array(this.size(token === 0xdc ? 2 : 4), depth);
    if (token === 0xde || token === 0xdf) return this.map(this.size(token === 0xde ? 2 : 4), depth);
    return this.scalar(token);
  }

  private scalar(token: number): unknown {
    const { view } = this;
    if (token === 0xc0) return null;
    if (token === 0xc2 || token === 0xc3) return token === 0xc3;
    if (token === 0xca) return view.getFloat32(this.skip(4));
    if (token === 0xcb) return view.getFloat64(this.skip(8));
    if (token >= 0xcc && token <= 0xce) return this.size(1 << (token - 0xcc));
    if (token === 0xcf) return this.size(4) * TWO_32 + this.size(4);
    if (token === 0xd0) return view.getInt8(this.skip(1));
    if (token === 0xd1) return view.getInt16(this.skip(2));
    if (token === 0xd2) return view.getInt32(this.skip(4));
    if (token === 0xd3) return view.getInt32(this.skip(4)) * TWO_32 + this.size(4);
    return this.fail(`type 0x${token.toString(16)} has no place here`);
  }

  /** Moves over the bytes. @returns where they start */
  private skip(length: number): number {
    if (length > this.bytes.length - this.at) this.fail('payload ends too early');
    this.at += length;
    return this.at - length;
  }

  /** A big-endian number of 1, 2 or 4 bytes. */
  private size(bytes: number): number {
    const at = this.skip(bytes);
    if (bytes === 1) return this.view.getUint8(at);
    return bytes === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private string(length: number): string {
    const at = this.skip(length);
    return this.text.toString('utf8', at, at + length);
  }

  private array(count: number, depth: number): unknown[] {
    if (count === 0) return [];
    // Of nested arrays each could have room for what is left, and all of them together too much.
    this.elementsLeft -= count;
    if (this.elementsLeft < 0) this.fail('payload ends too early');
    const values = new Array<unknown>(count);
    for (let i = 0; i < count; i++) values[i] = this.value(depth + 1);
    return values;
  }

  private map(count: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    let isSparse = false;
    for (let i = 0; i < count; i++) {
      const key = this.key();
      if (Object.hasOwn(map, key) || key === '__proto__') this.fail(`key "${key}" has no place here`);
      if (!isSparse && isIndex(key)) {
        keepSparse(map);
        isSparse = true;
      }
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  private key(): string {
    const token = this.size(1);
    if (token >= 0xa0 && token < 0xc0) return this.string(token & 0x1f);
    if (token >= 0xd9 && token <= 0xdb) return this.string(this.size(1 << (token - 0xd9)));
    return this.fail('key is no string');
  }
}

/** Whether V8 may take the key for a place in an array. */
function isIndex(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 && key.length <= LAST_INDEX.length;
}

/**
 * An object whose first key is "1000" gets room for 1,516 elements: 12 KiB for 7 bytes of payload. One that once had
 * the last index of all keeps its numeric keys in a table.
 */
function keepSparse(map: Record<string, unknown>): void {
  map[LAST_INDEX] = null;
  delete map[LAST_INDEX];
}
