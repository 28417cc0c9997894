/**
 * The subset of msgpack that payloads use (SPEC.md, "Payload encoding"): nil, booleans, numbers, strings, arrays and
 * maps with distinct string keys, nothing after the value, no deeper than 16. A general decoder meets foreign bytes
 * only after this walk, so extensions, bombs of nesting and keys that mean something to JavaScript never reach it.
 */
import { FormatError } from './format-error.js';

const MAX_DEPTH = 16;

/** Bytes after the token of what has a fixed size: floats, unsigned, signed. */
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  192: 0, // nil
  194: 0, // false
  195: 0, // true
  202: 4, // float 32
  203: 8,
  204: 1, // uint 8
  205: 2,
  206: 4,
  207: 8,
  208: 1, // int 8
  209: 2,
  210: 4,
  211: 8,
};

/** @throws FormatError when the bytes are anything else than one value of the subset. */
export function checkPlainMsgpack(bytes: Uint8Array, structure: string): void {
  const walk = new Walk(bytes, structure);
  walk.value(0);
  if (walk.at !== bytes.length) walk.fail('bytes after the payload');
}

class Walk {
  at = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly structure: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(detail: string): never {
    throw new FormatError('bad-value', this.structure, this.at, detail);
  }

  value(depth: number): void {
    if (depth > MAX_DEPTH) this.fail('nested too deeply');
    const token = this.number(1);
    if (token < 0x80 || token >= 0xe0) return; // small integers
    if (token < 0x90) this.map(token & 0x0f, depth);
    else if (token < 0xa0) this.array(token & 0x0f, depth);
    else if (token < 0xc0) this.skip(token & 0x1f);
    else if (token >= 0xd9 && token <= 0xdb) this.skip(this.number(1 << (token - 0xd9)));
    else if (token === 0xdc || token === 0xdd) this.array(this.number(token === 0xdc ? 2 : 4), depth);
    else if (token === 0xde || token === 0xdf) this.map(this.number(token === 0xde ? 2 : 4), depth);
    else this.skip(SCALAR_BYTES[token] ?? this.fail(`type 0x${token.toString(16)} has no place here`));
  }

  /** Moves over the bytes. */
  private skip(length: number): void {
    if (length > this.bytes.length - this.at) this.fail('payload ends too early');
    this.at += length;
  }

  /** A big-endian number of 1, 2 or 4 bytes. */
  private number(size: number): number {
    this.skip(size);
    const at = this.at - size;
    if (size === 1) return this.view.getUint8(at);
    return size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private array(count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.value(depth + 1);
  }

  private map(count: number, depth: number): void {
    const keys = new Set<string>();
    for (let i = 0; i < count; i++) {
      const key = this.key();
      if (keys.has(key) || key === '__proto__') this.fail(`key "${key}" has no place here`);
      keys.add(key);
      this.value(depth + 1);
    }
  }

  private key(): string {
    const token = this.bytes[this.at];
    if (token === undefined) this.fail('payload ends too early');
    if (!((token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb))) this.fail('key is no string');
    const start = this.at;
    this.value(0);
    const head = token < 0xc0 ? 1 : 1 + (1 << (token - 0xd9));
    return Buffer.from(this.bytes.subarray(start + head, this.at)).toString('utf8');
  }
}
