/** Stages and floors as Markdown: CPU seconds per GiB of the image's data, least of all rounds. */
import type { FloorResult } from '../floors/floor.js';
import { describeRun, type Machine } from '../machine.js';
import { fixed, markdownTable, mib, NO_FIGURE } from '../markdown-table.js';
import type { SourceImage } from '../tool.js';
import { CAPTURE_STAGES, RESTORE_STAGES, type Stage } from './stage-meter.js';

const GIB = 2 ** 30;

/** The floor that does the same to the same bytes, where there is one. */
const FLOOR_OF: Partial<Record<Stage, string>> = {
  'read spans': 'cat',
  'hash chunks': 'b3sum, 1 thread, new bytes',
  'hash segments': 'b3sum, 1 thread, new bytes',
  'compress frames': 'zstd -3, 1 thread, new bytes',
  'write packs': 'dd, compressed',
  'read frames': 'cat, compressed',
  'decompress frames': 'zstd -d, new bytes',
  'verify chunks': 'b3sum, 1 thread, new bytes',
  'write the file': 'dd, new bytes',
};

export interface StageResults {
  readonly machine: Machine;
  readonly rounds: number;
  readonly image: SourceImage;
  readonly newBytes: number;
  readonly storedBytes: number;
  /** CPU seconds. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** CPU seconds of the commands as a whole, with one worker thread. */
  readonly captureCommand: number;
  readonly restoreCommand: number;
  readonly floors: readonly FloorResult[];
}

export function renderStages(results: StageResults): string {
  const { machine, rounds, image, newBytes, storedBytes } = results;
  const figures = `${image.name}: ${mib(image.sizeBytes)} MiB, ${mib(image.dataBytes)} MiB of data, ${mib(newBytes)} MiB in different chunks, stored as ${mib(storedBytes)} MiB.`;
  return [
    describeRun(machine, rounds === 1 ? 'one round' : `least of ${rounds} rounds`),
    figures,
    stageTable('capture', CAPTURE_STAGES, results.captureCommand, results),
    stageTable('restore', RESTORE_STAGES, results.restoreCommand, results),
    floorTable(results),
  ].join('\n\n');
}

function stageTable(
  operation: string,
  stages: readonly Stage[],
  commandSeconds: number,
  results: StageResults,
): string {
  const perGib = (seconds: number) => seconds / (results.image.dataBytes / GIB);
  const rows = stages.map((stage) => {
    const seconds = results.stages[stage];
    const floor = results.floors.find(({ name }) => name === FLOOR_OF[stage]);
    return [
      stage,
      fixed(perGib(seconds), 3),
      floor?.name ?? NO_FIGURE,
      floor === undefined ? NO_FIGURE : fixed(perGib(floor.cpuSeconds), 3),
      floor === undefined || floor.cpuSeconds === 0 ? NO_FIGURE : fixed(seconds / floor.cpuSeconds, 2),
    ];
  });
  const counted = stages.filter((stage) => stage !== 'look up: known'); // a cold capture meets what is new
  const sum = counted.reduce((total, stage) => total + results.stages[stage], 0);
  const total = (title: string, seconds: number) => [
    title,
    fixed(perGib(seconds), 3),
    NO_FIGURE,
    NO_FIGURE,
    NO_FIGURE,
  ];
  return markdownTable(
    [operation, 'CPU s/GiB', 'floor', 'floor CPU s/GiB', 'ratio'],
    [
      ...rows,
      total(`all stages${operation === 'capture' ? ' of a cold capture' : ''}`, sum),
      total(`doppel --threads 1 ${operation}`, commandSeconds),
    ],
  );
}

function floorTable({ floors, image }: StageResults): string {
  const rows = floors.map(({ name, wallSeconds, cpuSeconds, peakBytes }) => [
    name,
    fixed(wallSeconds, 2),
    fixed(cpuSeconds, 2),
    fixed(cpuSeconds / (image.dataBytes / GIB), 3),
    mib(peakBytes),
  ]);
  return markdownTable(['floor', 'wall s', 'CPU s', 'CPU s/GiB', 'peak MiB'], rows);
}
