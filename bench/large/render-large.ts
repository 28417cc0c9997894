/** The results as Markdown, as they stand in ARCHITECTURE.md. */
import type { Machine } from '../machine.js';
import { gib, markdownTable, mib, seconds } from '../markdown-table.js';
import type { LargeResult } from './run-large.js';

export function renderLarge(machine: Machine, result: LargeResult): string {
  const { date, cpu, cores, memoryBytes, system, node } = machine;
  const { chunks, steps, lookUps, built, atEnd, indexBytesPerChunk } = result;
  return [
    `${date}, ${cores} cores of ${cpu}, ${gib(memoryBytes)} GiB, ${system}, Node ${node}.`,
    markdownTable(
      ['step', 'wall s', 'CPU s', 'peak MiB', 'note'],
      steps.map(({ what, wallSeconds, cpuSeconds, peakBytes, note }) => [
        what,
        seconds(wallSeconds),
        seconds(cpuSeconds),
        mib(peakBytes),
        note ?? '',
      ]),
    ),
    markdownTable(
      ['look-ups', 'ids', 'ids/s', 'CPU µs per id'],
      lookUps.map(({ what, ids, idsPerSecond, cpuMicrosecondsPerId }) => [
        what,
        String(ids),
        String(Math.round(idsPerSecond)),
        cpuMicrosecondsPerId.toFixed(1),
      ]),
    ),
    `${chunks} tiny chunks: ${mib(built.storedBytes)} MiB of packs in ${built.files} files; the index is ` +
      `${mib(built.indexBytes)} MiB after the build and ${mib(atEnd.indexBytes)} MiB at the end, at most ` +
      `${indexBytesPerChunk.toFixed(1)} bytes per chunk.`,
  ].join('\n\n');
}
