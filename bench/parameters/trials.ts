/** What each table tries. */
import { type ChunkerParameters, KIB, MIB, SEGMENT_BYTES } from '../../store-format/index.js';
import type { CompressionSettings } from './compression-trial.js';
import { atLevel, withLongWindow } from './frame-codecs.js';
import type { Table } from './options.js';
import type { StorageSettings } from './storage-trial.js';

export type CompressionTable = Extract<Table, 'level' | 'frame'>;
export type StorageTable = Extract<Table, 'chunk' | 'segment' | 'hole'>;

const LEVELS = [1, 2, 3, 4, 5, 6, 9];
const FRAMES = [256 * KIB, 512 * KIB, MIB, 2 * MIB, 4 * MIB, 8 * MIB];
/** Level 3 looks back 2 MiB: longer frames gain from a longer window, and with long-distance matching from all of it. */
const LONG_WINDOWS = [
  { frameBytes: 4 * MIB, windowLog: 22, longDistance: false },
  { frameBytes: 8 * MIB, windowLog: 23, longDistance: false },
  { frameBytes: 8 * MIB, windowLog: 23, longDistance: true },
  { frameBytes: 16 * MIB, windowLog: 24, longDistance: true },
];
const AVERAGES = [8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB];
const SEGMENTS = [256 * KIB, 512 * KIB, MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const HOLES = [1, 4, 16];

export const COMPRESSION_TRIALS: Readonly<Record<CompressionTable, readonly CompressionSettings[]>> = {
  level: LEVELS.map((level) => ({ name: `level ${level}`, frameBytes: MIB, compress: atLevel(level) })),
  frame: [
    ...FRAMES.map((frameBytes) => ({ name: size(frameBytes), frameBytes, compress: atLevel(3) })),
    ...LONG_WINDOWS.map(({ frameBytes, windowLog, longDistance }) => ({
      name: `${size(frameBytes)}, window ${size(2 ** windowLog)}${longDistance ? ', long-distance' : ''}`,
      frameBytes,
      compress: withLongWindow({ level: 3, windowLog, longDistance }),
    })),
  ],
};

/** @param chunker as a new store has it */
export function storageTrials(table: StorageTable, chunker: ChunkerParameters): readonly StorageSettings[] {
  const segmentBytes = SEGMENT_BYTES;
  if (table === 'chunk') {
    return AVERAGES.map((averageBytes) => ({
      name: size(averageBytes),
      chunker: { ...chunker, minBytes: averageBytes / 4, averageBytes, maxBytes: 4 * averageBytes },
      segmentBytes,
    }));
  }
  if (table === 'segment')
    return SEGMENTS.map((bytes) => ({ name: size(bytes), chunker, segmentBytes: bytes }));
  return HOLES.map((holeBlocks) => ({
    name: holeBlocks === 1 ? '1 block' : `${holeBlocks} blocks`,
    chunker: { ...chunker, holeBlocks },
    segmentBytes,
  }));
}

function size(byteCount: number): string {
  return byteCount < MIB ? `${byteCount / KIB} KiB` : `${byteCount / MIB} MiB`;
}
