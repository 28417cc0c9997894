/**
 * A reader written from SPEC.md alone: it shares no code with the codecs or the engine. It gives an image's bytes out
 * of a set of objects, checks every hash on the way, and knows the codec "stored" only.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { unpack } from 'msgpackr';

export type Objects = ReadonlyMap<string, Buffer>;

const hash = (...parts: Uint8Array[]): string => Buffer.from(blake3(Buffer.concat(parts))).toString('hex');
const domain = (text: string): Buffer => Buffer.from(text.padEnd(32, '\0'), 'latin1');

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Entry kind and id -> plain bytes, of every pack. */
function readPacks(objects: Objects): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  for (const [key, pack] of objects) {
    if (!key.startsWith('packs/')) continue;
    const trailer = pack.subarray(pack.length - 176);
    const footerAt = Number(trailer.readBigUInt64LE(8));
    const footer = pack.subarray(footerAt, footerAt + trailer.readUInt32LE(16));
    const id = hash(footer, trailer);
    expect(key === `packs/${id.slice(0, 2)}/${id}`, 'pack is what its name says');
    const hashed = pack.subarray(0, pack.length - 136);
    expect(hash(hashed) === trailer.subarray(40, 72).toString('hex'), 'pack is whole');
    const frames = footer.readUInt32LE(56);
    const count = footer.readUInt32LE(60);
    const lengthsAt = 64 + 56 * frames;
    let entry = 0;
    for (let f = 0; f < frames; f++) {
      const row = footer.subarray(64 + 56 * f, 120 + 56 * f);
      const at = Number(row.readBigUInt64LE(0));
      const stored = pack.subarray(at, at + row.readUInt32LE(8));
      expect(row.readUInt16LE(20) === 0, 'frame is stored as it is');
      expect(hash(stored) === row.subarray(24).toString('hex'), 'frame is whole');
      let offset = 0;
      for (const last = entry + row.readUInt32LE(16); entry < last; entry++) {
        const length = footer.readUInt32LE(lengthsAt + 4 * entry);
        const idAt = lengthsAt + 4 * count + 32 * entry;
        const name = `${row.readUInt16LE(22)} ${footer.subarray(idAt, idAt + 32).toString('hex')}`;
        entries.set(name, stored.subarray(offset, offset + length));
        offset += length;
      }
    }
  }
  return entries;
}

function readSegment(recipe: Buffer, entries: Map<string, Buffer>): Buffer {
  const [length, holes, chunks] = [12, 16, 20].map((at) => recipe.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  const segment = Buffer.alloc(length);
  let position = 0;
  let hole = 0;
  for (let c = 0; c < chunks; c++) {
    while (hole < holes && recipe.readUInt32LE(24 + 8 * hole) === position) {
      position += recipe.readUInt32LE(28 + 8 * hole++);
    }
    const at = 24 + 8 * holes + 4 * chunks + 32 * c;
    const id = recipe.subarray(at, at + 32).toString('hex');
    const chunk = entries.get(`1 ${id}`) ?? Buffer.alloc(0);
    expect(hash(chunk) === id, 'chunk is what its id says');
    expect(
      chunk.length === recipe.readUInt32LE(24 + 8 * holes + 4 * c),
      'chunk is as long as its recipe says',
    );
    position += chunk.copy(segment, position);
  }
  return segment;
}

export function readImage(
  objects: Objects,
  pubId: string,
): { header: Record<string, unknown>; bytes: Buffer } {
  const entries = readPacks(objects);
  const manifest = objects.get(`images/${pubId}`)!;
  const end = manifest.length - 32;
  expect(hash(manifest.subarray(0, end)) === manifest.subarray(end).toString('hex'), 'manifest is whole');
  const pagesAt = 56 + manifest.readUInt32LE(8);
  const header = unpack(manifest.subarray(56, pagesAt)) as Record<string, unknown>;
  const segments: Buffer[] = [];
  const digests: Buffer[] = [];
  for (let p = 0; p < manifest.readUInt32LE(12); p++) {
    const id = manifest.subarray(pagesAt + 32 * p, pagesAt + 32 * p + 32).toString('hex');
    const page = entries.get(`3 ${id}`)!;
    expect(hash(domain('doppel page'), page) === id, 'page is what its id says');
    const rows = page.readUInt32LE(4);
    for (let r = 0; r < rows; r++) {
      const recipeId = page.subarray(8 + 32 * r, 40 + 32 * r).toString('hex');
      const recipe = entries.get(`2 ${recipeId}`)!;
      expect(hash(domain('doppel recipe'), recipe) === recipeId, 'recipe is what its id says');
      const segment = readSegment(recipe, entries);
      digests.push(page.subarray(8 + 32 * (rows + r), 40 + 32 * (rows + r)));
      expect(hash(segment) === digests.at(-1)!.toString('hex'), 'segment is what its page says');
      segments.push(segment);
    }
  }
  const bytes = Buffer.concat(segments);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  expect(hash(domain('doppel image digest'), size, ...digests) === header.digest, 'image has its digest');
  return { header, bytes };
}
