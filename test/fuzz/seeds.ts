/** Sound structures to start from: the examples of SPEC.md, and some more from a fixed seed. */

import { blake3 } from '../../src/hashing/blake3.js';
import {
  type EntryKind,
  type Extent,
  encodeExtents,
  encodePackFooter,
  encodePackHeader,
  encodePackTrailer,
  encodePackTrailerStart,
  encodePage,
  encodeRecipe,
  type Frame,
  FrameCodec,
  type LeaseId,
  PackKind,
} from '../../store-format/index.js';
import { hexBlock } from '../format/spec-document.js';
import { Random } from '../simulation/random.js';

const BLOCK_BYTES = 4096;
const MADE = 6;

function made<T>(what: string, make: (random: Random) => T): T[] {
  return Array.from({ length: MADE }, (_, i) => make(new Random(`${what} ${i}`)));
}

export const recipeSeeds = (): Buffer[] => [hexBlock('recipe'), ...made('recipe', makeRecipe)];
export const pageSeeds = (): Buffer[] => [hexBlock('page'), ...made('page', makePage)];
export const extentSeeds = (): Buffer[] => [hexBlock('extents'), ...made('extents', makeExtents)];

/** Data and holes by turns; chunks fill what is left. */
function makeRecipe(random: Random): Buffer {
  const holes: number[] = [];
  const lengths: number[] = [];
  let at = 0;
  for (let spans = 1 + random.below(4); spans > 0; spans--) {
    const chunks = Array.from({ length: 1 + random.below(3) }, () => 1 + random.below(5000));
    const run = chunks.reduce((sum, length) => sum + length, 0);
    lengths.push(...chunks, Math.ceil((run + 1) / BLOCK_BYTES) * BLOCK_BYTES - run);
    at += Math.ceil((run + 1) / BLOCK_BYTES) * BLOCK_BYTES;
    holes.push(at, BLOCK_BYTES * (1 + random.below(5)));
    at += holes.at(-1)!;
  }
  const ids = random.bytes(32 * lengths.length);
  return encodeRecipe({ chunker: 'b4b0be9f500be6f4', segmentLength: at, holes, lengths, ids }, blake3).bytes;
}

function makePage(random: Random): Buffer {
  const rows = 1 + random.below(8);
  return encodePage({ rows, recipeIds: random.bytes(32 * rows), segmentDigests: random.bytes(32 * rows) });
}

function makeExtents(random: Random): Buffer {
  const extents: Extent[] = [];
  let at = 0;
  for (let left = random.below(12); left > 0; left--) {
    const offset = at + 1 + random.below(2 ** 40);
    const length = 1 + random.below(random.chance(0.5) ? 512 : 2 ** 45);
    extents.push({ offset, length });
    at = offset + length;
  }
  return encodeExtents(extents);
}

interface FooterSeed {
  readonly footerOffset: number;
  readonly footer: Buffer;
}

export const footerSeeds = (): FooterSeed[] => made('footer', makeFooter);

function makeFooter(random: Random): FooterSeed {
  const kind = random.chance(0.5) ? PackKind.data : PackKind.meta;
  const frames: Frame[] = [];
  const lengths: number[] = [];
  let end = 16;
  for (let left = 1 + random.below(5); left > 0; left--) {
    const own = Array.from({ length: 1 + random.below(5) }, () => 1 + random.below(2000));
    const plainBytes = own.reduce((sum, length) => sum + length, 0);
    const codec = random.chance(0.5) ? FrameCodec.stored : FrameCodec.zstd;
    const storedBytes = codec === FrameCodec.stored ? plainBytes : 1 + random.below(5000);
    const offset = end + random.below(100);
    const entryKind = (kind === PackKind.data ? 1 : 2 + random.below(3)) as EntryKind;
    frames.push({
      offset,
      storedBytes,
      plainBytes,
      entries: own.length,
      codec,
      kind: entryKind,
      hash: random.bytes(32),
    });
    lengths.push(...own);
    end = offset + storedBytes;
  }
  const footer = encodePackFooter({
    kind,
    salt: random.bytes(32),
    lease: 'a1b2c3d4e5f60718293a4b5c6d7e8f90' as LeaseId,
    frames,
    lengths: Uint32Array.from(lengths),
    ids: random.bytes(32 * lengths.length),
  });
  return { footerOffset: end, footer };
}

/** Whole packs, and tails without what stands before. */
export function packSeeds(): Buffer[] {
  const tails = footerSeeds().map(({ footerOffset, footer }, i) => {
    const start = encodePackTrailerStart(footerOffset, footer.length);
    const body = Buffer.alloc(i % 2 === 0 ? 0 : footerOffset);
    if (body.length > 0) body.set(encodePackHeader());
    return Buffer.concat([
      body,
      footer,
      encodePackTrailer(start, blake3(Buffer.concat([body, footer, start]))),
    ]);
  });
  return [hexBlock('pack'), hexBlock('meta-pack'), ...tails];
}
