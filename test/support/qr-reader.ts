/**
 * Reads the QR codes that doppel prints: version 7, level M, letters in capitals and digits. Written from ISO/IEC 18004 and
 * nothing of the encoder's, so that a code that it reads is one that scanners read.
 */
const SIZE = 45; // version 7
const ALIGNMENT = [6, 22, 38];
const [BLOCKS, DATA_CODEWORDS, CHECK_CODEWORDS] = [4, 31, 18]; // of 7-M
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
  (i, j) => ((i * j) % 2) + ((i * j) % 3) === 0,
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
  (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
];

type Matrix = readonly (readonly boolean[])[];

/** @param modules true for dark; with the quiet zone around them, or not */
export function readQrCode(modules: Matrix): string {
  const matrix = trimmed(modules);
  if (matrix.length !== SIZE || matrix.some((row) => row.length !== SIZE))
    throw new Error(`The code has ${matrix.length} rows of ${matrix[0]?.length}, not ${SIZE}`);
  const codewords = codewordsOf(matrix, MASKS[maskOf(matrix)]!);
  return textOf(dataOf(codewords));
}

/** Two rows of modules in each line of half blocks. @param block what a block stands for */
export function modulesOfBlocks(lines: readonly string[], block: 'dark' | 'light'): Matrix {
  const isDark = (isBlock: boolean) => isBlock === (block === 'dark');
  return lines.flatMap((line) => {
    const characters = [...line];
    return [
      characters.map((character) => isDark('█▀'.includes(character))),
      characters.map((character) => isDark('█▄'.includes(character))),
    ];
  });
}

/** Without the rows and columns around the finder patterns. */
function trimmed(modules: Matrix): Matrix {
  const top = modules.findIndex((row) => row.some((dark) => dark));
  const left = Math.min(...modules.map((row) => row.indexOf(true)).filter((at) => at >= 0));
  return modules.slice(top, top + SIZE).map((row) => row.slice(left, left + SIZE));
}

/** From the format information beside the upper left finder pattern: level M, and the number of the mask. */
function maskOf(matrix: Matrix): number {
  const places = [
    ...[0, 1, 2, 3, 4, 5, 7, 8].map((column) => [8, column] as const),
    ...[7, 5, 4, 3, 2, 1, 0].map((row) => [row, 8] as const),
  ];
  const format = places.reduce((bits, [row, column]) => bits * 2 + Number(matrix[row]![column]), 0) ^ 0x5412;
  let rest = format;
  for (let bit = 14; bit >= 10; bit--) if (rest & (1 << bit)) rest ^= 0x537 << (bit - 10);
  if (rest !== 0) throw new Error('The format information is damaged');
  if (format >> 13 !== 0) throw new Error('The code is not of level M');
  return (format >> 10) & 7;
}

function isFunction(row: number, column: number): boolean {
  const nearStart = (at: number) => at < 9;
  const nearEnd = (at: number) => at >= SIZE - 8;
  if (nearStart(row) && (nearStart(column) || nearEnd(column))) return true;
  if (nearEnd(row) && nearStart(column)) return true;
  if (row === 6 || column === 6) return true;
  if ((row < 6 && column >= SIZE - 11) || (column < 6 && row >= SIZE - 11)) return true; // version
  return ALIGNMENT.some((y) =>
    ALIGNMENT.some((x) => {
      const inFinder = [`6,6`, `6,38`, `38,6`].includes(`${y},${x}`);
      return !inFinder && Math.abs(row - y) <= 2 && Math.abs(column - x) <= 2;
    }),
  );
}

/** Upwards and downwards in pairs of columns, from the right. */
function codewordsOf(matrix: Matrix, mask: (row: number, column: number) => boolean): number[] {
  const bits: number[] = [];
  let upwards = true;
  for (let right = SIZE - 1; right > 0; right -= 2) {
    if (right === 6) right--;
    for (let step = 0; step < SIZE; step++) {
      const row = upwards ? SIZE - 1 - step : step;
      for (const column of [right, right - 1])
        if (!isFunction(row, column)) bits.push(Number(matrix[row]![column]! !== mask(row, column)));
    }
    upwards = !upwards;
  }
  const codewords: number[] = [];
  for (let at = 0; at + 8 <= bits.length; at += 8)
    codewords.push(bits.slice(at, at + 8).reduce((byte, bit) => byte * 2 + bit, 0));
  return codewords;
}

/** Blocks stand interleaved; each must be a word of its Reed-Solomon code. */
function dataOf(codewords: readonly number[]): number[] {
  const blocks = Array.from({ length: BLOCKS }, (_, block) =>
    codewords.filter((_codeword, at) => at % BLOCKS === block).slice(0, DATA_CODEWORDS + CHECK_CODEWORDS),
  );
  for (const block of blocks) {
    for (let power = 0; power < CHECK_CODEWORDS; power++) {
      const root = POWERS[power]!;
      if (block.reduce((sum, codeword) => multiply(sum, root) ^ codeword, 0) !== 0)
        throw new Error('A block is damaged');
    }
  }
  return blocks.flatMap((block) => block.slice(0, DATA_CODEWORDS));
}

const POWERS: readonly number[] = Array.from({ length: 255 }).reduce<number[]>(
  (powers) => [...powers, powers.length === 0 ? 1 : timesTwo(powers.at(-1)!)],
  [],
);

function timesTwo(value: number): number {
  return value < 128 ? value * 2 : (value * 2) ^ 0x11d;
}

function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : POWERS[(POWERS.indexOf(a) + POWERS.indexOf(b)) % 255]!;
}

function textOf(data: readonly number[]): string {
  const bits = data.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let at = 0;
  const take = (count: number) => {
    at += count;
    return Number.parseInt(bits.slice(at - count, at), 2);
  };
  if (take(4) !== 2) throw new Error('The code is not of letters and digits');
  const length = take(9);
  let text = '';
  while (text.length < length) {
    const isPair = length - text.length > 1;
    const value = take(isPair ? 11 : 6);
    text += isPair ? LETTERS[Math.floor(value / 45)]! + LETTERS[value % 45]! : LETTERS[value]!;
  }
  return text;
}
