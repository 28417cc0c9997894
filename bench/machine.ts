/** Where a run took place: without this its figures say little. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { gib } from './markdown-table.js';

export interface Machine {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

export async function describeMachine(now: Date): Promise<Machine> {
  return {
    date: now.toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: await systemName(),
    node: process.versions.node,
  };
}

async function systemName(): Promise<string> {
  const kernel = `${type()} ${release()}`;
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1];
  return name === undefined ? kernel : `${name} (${kernel})`;
}

/** One line for the head of a report. @param how how often was measured, and what is shown of it */
export function describeRun({ date, cpu, cores, memoryBytes, system, node }: Machine, how: string): string {
  return `${date}, ${cores} cores of ${cpu}, ${gib(memoryBytes)} GiB, ${system}, Node ${node}; ${how}.`;
}
