/**
 * Makes inputs from inputs, bytewise: what goes wrong on disks and wires (flipped bits, cut ends, blocks at the wrong
 * place), and what a forger would write (numbers at the edge of what a field holds).
 */
import type { Random } from '../simulation/random.js';

/** Longer inputs find nothing that shorter ones do not, and cost more; what is large is tested by worst cases. */
export const MAX_INPUT_BYTES = 64 * 1024;
const MAX_CHANGES = 6;

const INTERESTING = [
  ...[
    0n,
    1n,
    2n,
    3n,
    4n,
    7n,
    8n,
    15n,
    16n,
    17n,
    31n,
    32n,
    63n,
    64n,
    127n,
    128n,
    255n,
    256n,
    257n,
    511n,
    512n,
  ],
  ...[1023n, 1024n, 1025n, 4095n, 4096n, 4097n, 16_384n, 16_385n, 32_767n, 32_768n, 65_535n, 65_536n],
  ...[262_144n, 262_145n, 1_000_000n, 1_000_001n, 2n ** 20n - 1n, 2n ** 20n, 2n ** 20n + 1n],
  ...[2n ** 24n, 2n ** 24n + 1n, 2n ** 26n, 2n ** 26n + 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n],
  ...[2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
];

/** A new buffer; `others` are what pieces may be taken from. */
export function mutateBytes(input: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(input);
  for (let left = 1 + random.below(random.chance(0.5) ? 1 : MAX_CHANGES); left > 0; left--) {
    bytes = CHANGES[random.below(CHANGES.length)]!(bytes, random, others);
  }
  return bytes.length > MAX_INPUT_BYTES ? bytes.subarray(0, MAX_INPUT_BYTES) : bytes;
}

/** May change its input. */
type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const flipBit: Change = (bytes, random) => {
  if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return bytes;
};

const setByte: Change = (bytes, random) => {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
};

const setNumber: Change = (bytes, random) => {
  writeNumber(bytes, random, () => random.pick(INTERESTING));
  return bytes;
};

/** A field that is off by a little. */
const addToNumber: Change = (bytes, random) => {
  writeNumber(bytes, random, (before) => before + BigInt(random.below(9) - 4));
  return bytes;
};

function writeNumber(bytes: Buffer, random: Random, next: (before: bigint) => bigint): void {
  const size = 1 << random.below(4);
  if (bytes.length < size) return;
  const isAligned = random.chance(0.7);
  const at = isAligned
    ? size * random.below(Math.floor(bytes.length / size))
    : random.below(bytes.length - size + 1);
  const field = Buffer.alloc(8);
  bytes.copy(field, 0, at, at + size);
  if (random.chance(0.2)) field.subarray(0, size).reverse();
  field.writeBigUInt64LE(BigInt.asUintN(64, next(field.readBigUInt64LE(0))));
  if (random.chance(0.1)) field.subarray(0, size).reverse();
  field.copy(bytes, at, 0, size);
}

const cutEnd: Change = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1));
const cutStart: Change = (bytes, random) => bytes.subarray(random.below(Math.min(bytes.length, 64) + 1));

const extend: Change = (bytes, random) => {
  const length = 1 + random.below(random.chance(0.9) ? 64 : 4096);
  return Buffer.concat([bytes, random.chance(0.5) ? Buffer.alloc(length) : random.bytes(length)]);
};

const deleteBlock: Change = (bytes, random) => {
  const [from, to] = block(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
};

const duplicateBlock: Change = (bytes, random) => {
  const [from, to] = block(bytes, random);
  const times = random.chance(0.9) ? 1 : 1 + random.below(64);
  const repeated = Buffer.alloc((to - from) * times, bytes.subarray(from, to));
  return Buffer.concat([bytes.subarray(0, to), repeated, bytes.subarray(to)]);
};

const copyBlock: Change = (bytes, random) => {
  const [from, to] = block(bytes, random);
  bytes.copy(bytes, random.below(bytes.length + 1), from, to);
  return bytes;
};

const fillBlock: Change = (bytes, random) => {
  const [from, to] = block(bytes, random);
  return bytes.fill(random.chance(0.6) ? 0 : random.chance(0.5) ? 255 : random.below(256), from, to);
};

const splice: Change = (bytes, random, others) => {
  const other = random.pick(others);
  const [from, to] = block(other, random);
  const piece = other.subarray(from, to);
  const at = random.below(bytes.length + 1);
  if (random.chance(0.5)) return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  piece.copy(bytes, at);
  return bytes;
};

/** Mostly short ones. */
function block(bytes: Buffer, random: Random): readonly [from: number, to: number] {
  const length = random.below(Math.min(bytes.length, random.chance(0.8) ? 64 : bytes.length) + 1);
  const from = random.below(bytes.length - length + 1);
  return [from, from + length];
}

const CHANGES: readonly Change[] = [
  ...[flipBit, flipBit, setByte, setNumber, setNumber, setNumber, addToNumber, addToNumber],
  ...[cutEnd, cutStart, extend, deleteBlock, duplicateBlock, copyBlock, fillBlock, splice],
];
