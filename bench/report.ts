/** The results as Markdown tables. */
import type { FloorResult } from './floors/floor.js';
import type { ToolDescription } from './installed-tools.js';
import { describeRun, type Machine } from './machine.js';
import { markdownTable, mib, NO_FIGURE, seconds } from './markdown-table.js';
import { GROUPS, type NotMeasured } from './pass.js';
import type { Figures, StepSummary, ToolSummary } from './summary.js';
import type { SourceImage } from './tool.js';

export interface Report {
  readonly machine: Machine;
  readonly runs: number;
  readonly tools: readonly ToolDescription[];
  readonly images: readonly SourceImage[];
  /** doppel's first. */
  readonly summaries: readonly ToolSummary[];
  readonly notMeasured: readonly (NotMeasured & { readonly tool: string })[];
  readonly floors: readonly FloorResult[];
}

export function renderReport(report: Report): string {
  const { machine, runs, tools, images, summaries, notMeasured, floors } = report;
  const [doppel, ...peers] = summaries;
  return [
    describeRun(machine, runs === 1 ? 'one run' : `medians of ${runs} runs`),
    imageTable(images),
    stepTable(doppel!.steps),
    storeLine(doppel!),
    floorTable(floors, images[0]!.name),
    ...(peers.length === 0 ? [] : [comparisonTable(doppel!, peers), toolList(tools)]),
    ...(notMeasured.length === 0 ? [] : [missingList(notMeasured)]),
  ].join('\n\n');
}

function imageTable(images: readonly SourceImage[]): string {
  const rows = images.map(({ name, sizeBytes, dataBytes }) => [name, mib(sizeBytes), mib(dataBytes)]);
  return markdownTable(['image', 'size MiB', 'data MiB'], rows);
}

function stepTable(steps: readonly StepSummary[]): string {
  const rows = steps.map(({ label, dataBytes, wallSeconds, durableSeconds, cpuSeconds, peakBytes }) => [
    label,
    seconds(wallSeconds),
    seconds(durableSeconds),
    speed(dataBytes, wallSeconds),
    seconds(cpuSeconds),
    mib(peakBytes),
  ]);
  return markdownTable(['doppel', 'wall s', 'on disk s', 'data MiB/s', 'CPU s', 'peak MiB'], rows);
}

function floorTable(floors: readonly FloorResult[], image: string): string {
  const rows = floors.map(({ name, dataBytes, wallSeconds, cpuSeconds, peakBytes }) => [
    name,
    seconds(wallSeconds),
    speed(dataBytes, wallSeconds),
    seconds(cpuSeconds),
    mib(peakBytes),
  ]);
  return markdownTable([`floor: ${image}`, 'wall s', 'data MiB/s', 'CPU s', 'peak MiB'], rows);
}

function speed(dataBytes: number, wallSeconds: number): string {
  return String(Math.round(dataBytes / 2 ** 20 / wallSeconds));
}

function storeLine({ storedBytes, indexBytes, againBytes, freedBytes }: ToolSummary): string {
  const again = `capturing the first image again added ${(againBytes / 2 ** 20).toFixed(1)} MiB`;
  const freed = freedBytes === undefined ? '' : `; dropping three images freed ${mib(freedBytes)} MiB`;
  return `Store: ${mib(storedBytes)} MiB, and ${mib(indexBytes)} MiB of chunk index; ${again}${freed}.`;
}

function keptBytes({ storedBytes, freedBytes }: ToolSummary): number | undefined {
  return freedBytes === undefined ? undefined : storedBytes - freedBytes;
}

type Metric = readonly [
  title: string,
  value: (tool: ToolSummary) => number | undefined,
  show: (value: number) => string,
];

function comparisonTable(doppel: ToolSummary, peers: readonly ToolSummary[]): string {
  const lines = inOrder(new Set([doppel, ...peers].flatMap((tool) => [...tool.lines.keys()])));
  const of = (key: keyof Figures) => (line: string) => (tool: ToolSummary) => tool.lines.get(line)?.[key];
  const metrics: Metric[] = [
    ...lines.map((line): Metric => [`${line}, s`, of('wallSeconds')(line), seconds]),
    ...lines.map((line): Metric => [`${line}, s until on disk`, of('durableSeconds')(line), seconds]),
    ...lines.map((line): Metric => [`${line}, CPU s`, of('cpuSeconds')(line), seconds]),
    ['peak memory, MiB', ({ lines }) => Math.max(...[...lines.values()].map((g) => g.peakBytes)), mib],
    ['store, MiB', (tool) => tool.storedBytes, mib],
    ['store without the dropped images, MiB', keptBytes, mib],
    ['files in the store', (tool) => tool.storeFiles, String],
  ];
  const rows = metrics.map(([title, value, show]) => {
    const own = value(doppel);
    const cell = (peer: number | undefined) =>
      peer === undefined ? NO_FIGURE : `${show(peer)}${own === undefined ? '' : ` (${ratio(peer, own)})`}`;
    return [title, own === undefined ? NO_FIGURE : show(own), ...peers.map((peer) => cell(value(peer)))];
  });
  return markdownTable(['', 'doppel', ...peers.map(({ tool }) => tool)], rows);
}

/** Each tool has its lines in order, but not each tool has all of them. */
function inOrder(lines: Iterable<string>): readonly string[] {
  const group = (line: string) => GROUPS.findIndex((name) => line.startsWith(name));
  return [...lines].sort((a, b) => group(a) - group(b));
}

function toolList(tools: readonly ToolDescription[]): string {
  return tools.map(({ name, version, settings }) => `- ${name} (${version}): ${settings}`).join('\n');
}

function missingList(notMeasured: Report['notMeasured']): string {
  return notMeasured.map(({ tool, group, why }) => `- Not measured: ${tool}, ${group}: ${why}`).join('\n');
}

/** Times doppel's: above 1, doppel needs less. */
function ratio(peer: number, doppel: number): string {
  return doppel > 0 ? `${(peer / doppel).toFixed(peer < 10 * doppel ? 1 : 0)}×` : NO_FIGURE;
}
