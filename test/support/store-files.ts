/** A store's files as a vandal sees them: which they are, and what can be done to them. */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { blake3 } from '../../src/hashing/blake3.js';
import { decodePackTail, type PackId, PackKind, type PackTail } from '../../store-format/index.js';

export interface PackFile extends PackTail {
  readonly path: string;
}

/** Paths of all files below a folder of the store, in order. */
export function filesOf(store: string, folder: string): string[] {
  return readdirSync(join(store, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(store, folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

export function packFiles(store: string): PackFile[] {
  return filesOf(store, 'packs').map((path) => {
    const bytes = readFileSync(path);
    return { ...decodePackTail(bytes, bytes.length, basename(path) as PackId, blake3), path };
  });
}

/** The one pack of a kind that the capture with this publication wrote. */
export function packOf(store: string, publication: string, kind: keyof typeof PackKind): PackFile {
  const found = packFiles(store).filter(
    ({ footer }) => footer.lease === publication && footer.kind === PackKind[kind],
  );
  if (found.length !== 1) throw new Error(`${found.length} ${kind} packs of ${publication}, not one`);
  return found[0]!;
}

/** Where the parts of a pack stand. */
export function partsOf({ footer, packBytes, path }: PackFile): {
  frame: number;
  footer: number;
  trailer: number;
} {
  const [frame] = footer.frames;
  const trailer = packBytes - 176;
  const footerBytes = readFileSync(path).readUInt32LE(trailer + 16);
  return {
    frame: frame!.offset + Math.floor(frame!.storedBytes / 2),
    footer: trailer - footerBytes + 70,
    trailer,
  };
}

/** Turns one byte; a negative place counts from the end. */
export function flipByte(path: string, place: number): void {
  const at = place < 0 ? statSync(path).size + place : place;
  const file = openSync(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    if (readSync(file, byte, 0, 1, at) !== 1) throw new Error(`${path} has no byte ${place}`);
    byte[0]! ^= 0xff;
    writeSync(file, byte, 0, 1, at);
  } finally {
    closeSync(file);
  }
}

export function cutInHalf(path: string): void {
  truncateSync(path, Math.floor(statSync(path).size / 2));
}
