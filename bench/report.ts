/** The results as Markdown tables that can be read on a terminal and pasted into README.md as they are. */
import type { Machine } from './machine.js';
import { GROUPS } from './pass.js';
import type { Figures, StepSummary, ToolSummary } from './summary.js';
import type { SourceImage } from './tool.js';

export interface ToolDescription {
  readonly name: string;
  readonly version: string;
  readonly settings: string;
}

export interface Report {
  readonly machine: Machine;
  readonly runs: number;
  readonly tools: readonly ToolDescription[];
  readonly images: readonly SourceImage[];
  /** doppel's first. */
  readonly summaries: readonly ToolSummary[];
}

export function renderReport({ machine, runs, tools, images, summaries }: Report): string {
  const [doppel, ...peers] = summaries;
  const { date, cpu, cores, memoryBytes, system, node } = machine;
  return [
    `${date}, ${cores} cores of ${cpu}, ${gib(memoryBytes)} GiB, ${system}, Node ${node}; ${runs === 1 ? 'one run' : `medians of ${runs} runs`}.`,
    imageTable(images),
    stepTable(doppel!.steps),
    storeLine(doppel!),
    ...(peers.length === 0 ? [] : [comparisonTable(doppel!, peers), toolList(tools)]),
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
    String(Math.round(dataBytes / 2 ** 20 / wallSeconds)),
    seconds(cpuSeconds),
    mib(peakBytes),
  ]);
  return markdownTable(['doppel', 'wall s', 'on disk s', 'data MiB/s', 'CPU s', 'peak MiB'], rows);
}

function storeLine({ storedBytes, indexBytes, againBytes }: ToolSummary): string {
  const again = `capturing the first image again added ${(againBytes / 2 ** 20).toFixed(1)} MiB`;
  return `Store: ${mib(storedBytes)} MiB, and ${mib(indexBytes)} MiB of chunk index; ${again}.`;
}

type Metric = readonly [title: string, value: (tool: ToolSummary) => number, show: (value: number) => string];

function comparisonTable(doppel: ToolSummary, peers: readonly ToolSummary[]): string {
  const of = (key: keyof Figures) => (group: (typeof GROUPS)[number]) => (tool: ToolSummary) =>
    tool.groups.get(group)![key];
  const metrics: Metric[] = [
    ...GROUPS.map((group): Metric => [`${group}, s`, of('wallSeconds')(group), seconds]),
    ...GROUPS.map((group): Metric => [`${group}, s until on disk`, of('durableSeconds')(group), seconds]),
    ...GROUPS.map((group): Metric => [`${group}, CPU s`, of('cpuSeconds')(group), seconds]),
    ['peak memory, MiB', ({ groups }) => Math.max(...[...groups.values()].map((g) => g.peakBytes)), mib],
    ['store, MiB', (tool) => tool.storedBytes, mib],
    ['files in the store', (tool) => tool.storeFiles, String],
  ];
  const rows = metrics.map(([title, value, show]) => [
    title,
    show(value(doppel)),
    ...peers.map((peer) => `${show(value(peer))} (${ratio(value(peer), value(doppel))})`),
  ]);
  return markdownTable(['', 'doppel', ...peers.map(({ tool }) => tool)], rows);
}

function toolList(tools: readonly ToolDescription[]): string {
  return tools.map(({ name, version, settings }) => `- ${name} (${version}): ${settings}`).join('\n');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Times doppel's: above 1, doppel needs less. */
function ratio(peer: number, doppel: number): string {
  return doppel > 0 ? `${(peer / doppel).toFixed(peer < 10 * doppel ? 1 : 0)}×` : '-';
}

export function seconds(value: number): string {
  return value.toFixed(1);
}

export function mib(byteCount: number): string {
  return String(Math.round(byteCount / 2 ** 20));
}

export function gib(byteCount: number): string {
  return String(Math.round(byteCount / 2 ** 30));
}
