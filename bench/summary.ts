/** From single steps of single passes to medians: by step, and by line of the comparison. */
import type { FloorResult } from './floors/floor.js';
import type { PassResult, StepResult } from './pass.js';

export interface Figures {
  readonly dataBytes: number;
  readonly wallSeconds: number;
  /** Wall time and the `sync` after it: until all is on disk. */
  readonly durableSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export interface StepSummary extends Figures {
  readonly label: string;
}

export interface ToolSummary {
  readonly tool: string;
  /** In the order in which they ran. */
  readonly steps: readonly StepSummary[];
  /** By label: captures and verifies summed up, restores one by one, so that each can be held against other people's. */
  readonly lines: ReadonlyMap<string, Figures>;
  readonly storedBytes: number;
  readonly indexBytes: number;
  readonly storeFiles: number;
  /** What capturing the first image again added, the index not counted. */
  readonly againBytes: number;
  /** What dropping three images took from the store; undefined where that is not measured. */
  readonly freedBytes: number | undefined;
}

/** @param passes of one tool */
export function summarize(passes: readonly PassResult[]): ToolSummary {
  const { tool, steps } = passes[0]!;
  const lines = new Map<string, Figures>();
  for (const line of new Set(steps.map(lineOf))) {
    const summed = passes.map((pass) => sum(pass.steps.filter((step) => lineOf(step) === line)));
    lines.set(line, medians(summed));
  }
  const stores = passes.map((pass) => pass.steps.flatMap(({ store }) => store ?? []));
  return {
    tool,
    steps: steps.map((step, index) => ({
      label: labelOf(step),
      ...medians(passes.map((pass) => sum([pass.steps[index]!]))),
    })),
    lines,
    storedBytes: median(stores.map((sizes) => sizes.at(-1)!.storedBytes)),
    indexBytes: median(stores.map((sizes) => sizes.at(-1)!.indexBytes)),
    storeFiles: median(stores.map((sizes) => sizes.at(-1)!.files)),
    freedBytes: freedBytesOf(passes),
    againBytes: median(stores.map((sizes) => sizes.at(-1)!.storedBytes - sizes.at(-2)!.storedBytes)),
  };
}

function freedBytesOf(passes: readonly PassResult[]): number | undefined {
  const freed = passes.flatMap(({ steps }) => steps.flatMap(({ freedBytes }) => freedBytes ?? []));
  return freed.length === 0 ? undefined : median(freed);
}

function labelOf({ group, image }: StepResult): string {
  return image === undefined ? group : `${group}: ${image}`;
}

function lineOf(step: StepResult): string {
  return step.group === 'restore' || step.group === 'in place' ? labelOf(step) : step.group;
}

/** By floor. @param runs all floors of each run */
export function summarizeFloors(
  runs: readonly (readonly FloorResult[])[],
  which: 'median' | 'least',
): readonly FloorResult[] {
  const choose = which === 'median' ? median : (values: readonly number[]) => Math.min(...values);
  return (runs[0] ?? []).map(({ name, dataBytes }) => {
    const results = runs.flatMap((run) => run.filter((result) => result.name === name));
    const of = (key: 'wallSeconds' | 'cpuSeconds' | 'peakBytes') =>
      choose(results.map((result) => result[key]));
    return {
      name,
      dataBytes,
      wallSeconds: of('wallSeconds'),
      cpuSeconds: of('cpuSeconds'),
      peakBytes: of('peakBytes'),
    };
  });
}

/** Times add up; memory is the largest. */
function sum(steps: readonly StepResult[]): Figures {
  const add = (value: (step: StepResult) => number) => steps.reduce((total, step) => total + value(step), 0);
  return {
    dataBytes: add((step) => step.dataBytes),
    wallSeconds: add((step) => step.wallSeconds),
    durableSeconds: add((step) => step.wallSeconds + step.syncSeconds),
    cpuSeconds: add((step) => step.cpuSeconds),
    peakBytes: Math.max(0, ...steps.map((step) => step.peakBytes)),
  };
}

function medians(all: readonly Figures[]): Figures {
  const of = (key: keyof Figures) => median(all.map((figures) => figures[key]));
  return {
    dataBytes: of('dataBytes'),
    wallSeconds: of('wallSeconds'),
    durableSeconds: of('durableSeconds'),
    cpuSeconds: of('cpuSeconds'),
    peakBytes: of('peakBytes'),
  };
}

/** Of an even number of values, the lower of the two in the middle: always one that was measured. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}
