/**
 * Changes msgpack as a tree: values of another type, fields left out, doubled or renamed, lists that repeat, nesting.
 * Counts are made right again, so that the change reaches the schema and what stands behind it.
 */
import type { Random } from '../simulation/random.js';
import { MAX_INPUT_BYTES } from './mutate.js';
import { type Container, encodeTree, MAX_NODES, type Node, parseTree } from './payload-tree.js';

const TEXTS = [
  ...[
    '',
    'a',
    '__proto__',
    'constructor',
    'toString',
    'length',
    '0',
    '1',
    '1000',
    '4294967294',
    '4294967295',
  ],
  ...['\u0000', 'ä', 'a\u0308', '\u{1f600}', '\ufffd', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(256)],
  ...['a1b2c3d4e5f60718293a4b5c6d7e8f90', 'A1B2C3D4E5F60718293A4B5C6D7E8F90', 'a1'.repeat(32), '__proto_'],
  ...[
    `a${'\u0301\u0323'.repeat(40)}`,
    'name',
    'image',
    'at',
    'kind',
    'id',
    'x'.repeat(65_537).slice(0, 4000),
  ],
];
const SCALARS = [
  ...[
    'c0',
    'c2',
    'c3',
    'c1',
    '00',
    '01',
    '7f',
    'ff',
    'e0',
    'cc00',
    'ccff',
    'cdffff',
    'ceffffffff',
    'cf0020000000000000',
  ],
  ...['cf001fffffffffffff', 'cfffffffffffffffff', 'd080', 'd18000', 'd280000000', 'd38000000000000000'],
  ...['ca7f800000', 'ca7fc00000', 'cb7ff0000000000000', 'cb7ff8000000000000', 'cb8000000000000000'],
  ...['cb3fe0000000000000', 'cb433fffffffffffff', 'cb4340000000000000', 'c40161', 'd40000', 'd6ff00000000'],
  ...[
    'a180',
    'a2c080',
    'a3eda080',
    'a2c19f',
    'd90161',
    'da000161',
    'db0000000161',
    '90',
    '80',
    'dc0000',
    'de0000',
  ],
].map((text) => Buffer.from(text, 'hex'));

/** A new payload; bytes that are no msgpack come back as they are. */
export function mutatePayload(payload: Uint8Array, random: Random): Buffer {
  const root = parseTree(Buffer.from(payload));
  if (root === undefined) return Buffer.from(payload);
  for (let left = 1 + random.below(3); left > 0; left--) change(root, random);
  const bytes = encodeTree(root.children[0] ?? root);
  return bytes.length > MAX_INPUT_BYTES ? Buffer.from(payload) : bytes;
}

function change(root: Container, random: Random): void {
  const containers: Container[] = [];
  collect(root, containers);
  const parent = random.pick(containers);
  const at = random.below(parent.children.length + 1);
  const child = parent.children[at];
  const roll = random.next();
  if (child === undefined || roll < 0.1) parent.children.splice(at, 0, fresh(random), fresh(random));
  else if (roll < 0.45) parent.children[at] = fresh(random);
  else if (roll < 0.55)
    parent.children.splice(at - (parent.kind === 'map' ? at % 2 : 0), parent.kind === 'map' ? 2 : 1);
  else if (roll < 0.65) parent.children.push(...parent.children.slice(at - (at % 2), at - (at % 2) + 2));
  else if (roll < 0.75) repeat(parent, at, 1 + random.below(random.chance(0.8) ? 8 : 500));
  else if (roll < 0.85) parent.children[at] = nested(child, 1 + random.below(18), random);
  else parent.children[at] = random.pick(containers);
}

function repeat(parent: Container, at: number, times: number): void {
  const list = parent.kind === 'array' ? parent : parent.children[at];
  if (list?.kind === 'array' && list.children.length > 0) {
    list.children.push(...Array.from({ length: times }, (_, i) => list.children[i % list.children.length]!));
  } else if (list?.kind === 'map') {
    for (let i = 0; i < times; i++) list.children.push(text(`${i * 37}`), leaf('00'));
  }
}

function nested(child: Node, depth: number, random: Random): Node {
  let node = child;
  for (let i = 0; i < depth; i++) {
    node = random.chance(0.5)
      ? { kind: 'array', children: [node] }
      : { kind: 'map', children: [text('a'), node] };
  }
  return node;
}

function fresh(random: Random): Node {
  return random.chance(0.5) ? text(random.pick(TEXTS)) : { kind: 'leaf', bytes: random.pick(SCALARS) };
}

function text(value: string): Node {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(bytes.length < 32 ? 1 : 3);
  if (bytes.length < 32) head[0] = 0xa0 | bytes.length;
  else head.writeUInt16BE(bytes.length, 1);
  if (bytes.length >= 32) head[0] = 0xda;
  return { kind: 'leaf', bytes: Buffer.concat([head, bytes]) };
}

function leaf(hex: string): Node {
  return { kind: 'leaf', bytes: Buffer.from(hex, 'hex') };
}

function collect(node: Container, into: Container[]): void {
  if (into.length >= MAX_NODES || into.includes(node)) return;
  into.push(node);
  for (const child of node.children) if (child.kind !== 'leaf') collect(child, into);
}
