/** The regions of each layout: SPEC.md, sections 6, 7, 8 and 17. */

/** Byte offset and length. */
export type Region = readonly [offset: number, length: number];

/** In the order of their bytes. */
export const REGIONS = {
  pack: [
    'header',
    'frame',
    'footer',
    'rows',
    'row',
    'lengths',
    'length',
    'ids',
    'id',
    'trailer',
    'hash',
    'signature',
  ],
  'sealed pack': [
    'header',
    'first seal',
    'frame',
    'footer',
    'seal',
    'part lengths',
    'ids',
    'rows',
    'trailer',
    'hash',
    'signature',
  ],
  manifest: ['counts', 'version', 'head hash', 'header', 'page ids', 'attachments', 'signature', 'hash'],
  'sealed manifest': ['counts', 'version', 'head hash', 'seal', 'header', 'body', 'signature', 'hash'],
  tombstone: ['counts', 'version', 'head hash', 'header', 'signature', 'hash'],
  record: ['magic', 'version', 'kind', 'lengths', 'key', 'payload', 'signature', 'hash'],
  'sealed record': ['magic', 'version', 'kind', 'lengths', 'key', 'seal', 'payload', 'signature', 'hash'],
} as const satisfies Record<string, readonly string[]>;

export type Layout = keyof typeof REGIONS;
export type RegionName = (typeof REGIONS)[Layout][number];
type Regions = Readonly<Partial<Record<RegionName, Region>>>;

const SEAL_BYTES = 120;

export function regionsOf(layout: Layout, bytes: Buffer): Regions {
  switch (layout) {
    case 'pack':
      return regionsOfPack(bytes);
    case 'sealed pack':
      return regionsOfSealedPack(bytes);
    case 'record':
    case 'sealed record':
      return regionsOfRecord(bytes, layout === 'record' ? 0 : SEAL_BYTES);
    case 'sealed manifest':
      return regionsOfSealedManifest(bytes);
    default:
      return regionsOfManifest(bytes);
  }
}

/** What manifests and records end with. */
function tailOf({ length }: Buffer) {
  return { signature: [length - 136, 104], hash: [length - 32, 32] } as const;
}

function regionsOfRecord(bytes: Buffer, sealBytes: number): Regions {
  const [key, body] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  return {
    ...{ magic: [0, 4], version: [4, 2], kind: [6, 2], lengths: [8, 8] },
    key: [16, key],
    seal: [16 + key, sealBytes],
    payload: [16 + key + sealBytes, body - sealBytes],
    ...tailOf(bytes),
  };
}

function regionsOfManifest(bytes: Buffer): Regions {
  const header = bytes.readUInt32LE(8);
  const [pages, attachments] = [bytes.readUInt32LE(12), bytes.readUInt32LE(16)];
  return {
    ...{ version: [4, 2], counts: [0, 24], 'head hash': [24, 32] },
    header: [56, header],
    ...(pages > 0 && { 'page ids': [56 + header, 32 * pages] }),
    ...(attachments > 0 && { attachments: [56 + header + 32 * pages, 40 * attachments] }),
    ...tailOf(bytes),
  };
}

function regionsOfSealedManifest(bytes: Buffer): Regions {
  const header = bytes.readUInt32LE(8);
  return {
    ...{ version: [4, 2], counts: [0, 24], 'head hash': [24, 32] },
    seal: [56, SEAL_BYTES],
    header: [56 + SEAL_BYTES, header],
    body: [56 + SEAL_BYTES + header, bytes.readUInt32LE(12)],
    ...tailOf(bytes),
  };
}

function footerOf(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE(bytes.length - 176 + 8));
}

/** What packs end with. */
function trailerOf({ length }: Buffer) {
  const trailer = length - 176;
  return { trailer: [trailer, 40], hash: [trailer + 40, 32], signature: [trailer + 72, 104] } as const;
}

function regionsOfPack(bytes: Buffer): Regions {
  const footer = footerOf(bytes);
  const [frames, entries] = [bytes.readUInt32LE(footer + 56), bytes.readUInt32LE(footer + 60)];
  const rows = footer + 64;
  const lengths = rows + 56 * frames;
  const ids = lengths + 4 * entries;
  return {
    header: [0, 16],
    frame: [Number(bytes.readBigUInt64LE(rows)), bytes.readUInt32LE(rows + 8)],
    footer: [footer, 64],
    rows: [rows, 56 * frames],
    row: [rows, 56],
    lengths: [lengths, 4 * entries],
    length: [lengths, 4],
    ids: [ids, 32 * entries],
    id: [ids, 32],
    ...trailerOf(bytes),
  };
}

/** Of the first frame what any frame has at least. */
function regionsOfSealedPack(bytes: Buffer): Regions {
  const footer = footerOf(bytes);
  const [ids, rows] = [bytes.readUInt32LE(footer + 128), bytes.readUInt32LE(footer + 132)];
  return {
    header: [0, 16],
    'first seal': [16, SEAL_BYTES],
    frame: [136, 65_536],
    footer: [footer, 8],
    seal: [footer + 8, SEAL_BYTES],
    'part lengths': [footer + 128, 8],
    ids: [footer + 136, ids],
    rows: [footer + 136 + ids, rows],
    ...trailerOf(bytes),
  };
}
