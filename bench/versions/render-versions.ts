/** The results as Markdown. */
import { describeRun, type Machine } from '../machine.js';
import { markdownTable, mib, seconds } from '../markdown-table.js';
import type { VersionsStep } from './run-versions.js';

const MILLION = 1_000_000;

export function renderVersions(machine: Machine, steps: readonly VersionsStep[]): string {
  const table = markdownTable(
    [
      'versions',
      'distinct recipes',
      'distinct pages',
      'chunks',
      'mark s',
      'peak MiB',
      's per million recipe references',
      'wall s',
      'CPU s',
      'capture s each',
    ],
    steps.map((step) => [
      String(step.versions),
      String(step.recipes),
      String(step.pages),
      String(step.chunks),
      step.markSeconds.toFixed(2),
      mib(step.peakBytes),
      ((MILLION * step.markSeconds) / step.recipeReferences).toFixed(3),
      step.wallSeconds.toFixed(2),
      step.cpuSeconds.toFixed(2),
      seconds(step.captureSeconds),
    ]),
  );
  return `${describeRun(machine, 'one run')}\n\n${table}`;
}
