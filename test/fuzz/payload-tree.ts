/** msgpack as a tree that can be changed, and back. Counts follow from the tree; leaves are bytes that nobody looks into. */
import { MAX_INPUT_BYTES } from './mutate.js';

/** A container's children in order (a map's keys and values by turns), or the bytes of anything else. */
export type Node =
  | { readonly kind: 'array' | 'map'; children: Node[] }
  | { readonly kind: 'leaf'; bytes: Buffer };

export type Container = Extract<Node, { children: Node[] }>;

export const MAX_NODES = 4096;
/** Deeper than any decoder goes. */
const MAX_DEPTH = 40;
const NIL = Buffer.of(0xc0);

/** Stops where it gets too large: a container that was put into itself has no end. */
export function encodeTree(root: Node): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const add = (bytes: Buffer) => {
    parts.push(bytes);
    length += bytes.length;
  };
  const walk = (node: Node, depth: number): void => {
    if (length > MAX_INPUT_BYTES || depth > MAX_DEPTH || node.kind === 'leaf') {
      add(node.kind === 'leaf' ? node.bytes : NIL);
      return;
    }
    const count = node.kind === 'map' ? node.children.length >> 1 : node.children.length;
    add(Buffer.of(node.kind === 'map' ? 0xde : 0xdc, count >> 8, count & 255));
    for (const child of node.children.slice(0, node.kind === 'map' ? 2 * count : count))
      walk(child, depth + 1);
  };
  walk(root, 0);
  return Buffer.concat(parts);
}

/** In a list of one. */
export function parseTree(bytes: Buffer): Container | undefined {
  let at = 0;
  let nodes = 0;
  const LENGTHS: Readonly<Record<number, number>> = {
    ...{ 192: 0, 194: 0, 195: 0, 202: 4, 203: 8, 204: 1, 205: 2, 206: 4, 207: 8 },
    ...{ 208: 1, 209: 2, 210: 4, 211: 8 },
  };
  const value = (depth: number): Node | undefined => {
    const start = at;
    const token = bytes[at++];
    if (token === undefined || depth > 20 || ++nodes > MAX_NODES) return undefined;
    const sized = (size: number): number => {
      if (at + size > bytes.length) return Number.POSITIVE_INFINITY;
      at += size;
      return bytes.readUIntBE(at - size, size);
    };
    let count = -1;
    let skip = 0;
    const isMap = (token >= 0x80 && token < 0x90) || token === 0xde || token === 0xdf;
    if (token < 0x80 || token >= 0xe0) skip = 0;
    else if (token < 0xa0) count = token & 15;
    else if (token < 0xc0) skip = token & 31;
    else if (token >= 0xdc) count = sized(token & 1 ? 4 : 2);
    else if (token >= 0xd9) skip = sized(1 << (token - 0xd9));
    else skip = LENGTHS[token] ?? Number.POSITIVE_INFINITY;
    if (count < 0) {
      at += skip;
      return at <= bytes.length ? { kind: 'leaf', bytes: bytes.subarray(start, at) } : undefined;
    }
    const children: Node[] = [];
    for (let i = 0; i < count * (isMap ? 2 : 1); i++) {
      const child = value(depth + 1);
      if (child === undefined) return undefined;
      children.push(child);
    }
    return { kind: isMap ? 'map' : 'array', children };
  };
  const node = value(0);
  return node && { kind: 'array', children: [node] };
}
