/** One line that says how far the work is: the same words behind a bar and in a log. */
import type { Progress } from '../src/index.js';
import { countOf, formatBytes, formatDuration, formatRate } from './format.js';

const PHASE_TITLES = {
  capture: 'Capturing',
  seed: 'Reading seeds',
  restore: 'Restoring',
  copy: 'Copying',
  verify: 'Verifying',
  scrub: 'Scrubbing',
  digest: 'Hashing',
  index: 'Reading the index',
  mark: 'Marking',
  repack: 'Repacking',
  wait: 'Waiting',
} as const satisfies Record<Progress['phase'], string>;

export function phaseTitle(phase: Progress['phase']): string {
  return PHASE_TITLES[phase];
}

/** 0 to 1; undefined for a stream of unknown length. */
export function fractionDone(progress: Progress): number | undefined {
  const { doneBytes, totalBytes } = progress;
  if (totalBytes === undefined) return undefined;
  return totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
}

/** "42 %, 1.3 of 3 GiB, 250 MiB/s, 7.1 s left, new 10 MiB, …": what a narrow terminal cuts off matters least */
export function progressParts(progress: Progress, bytesPerSecond: number | undefined): readonly string[] {
  const { doneBytes, totalBytes, newBytes, sharedBytes, zeroBytes, leases } = progress;
  if (leases !== undefined) return [`for ${countOf(leases, 'other')} that began earlier`];
  const fraction = fractionDone(progress);
  const parts: string[] = [];
  if (fraction !== undefined) parts.push(`${Math.floor(fraction * 100)} %`);
  parts.push(formatBytes(doneBytes) + (totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`));
  if (bytesPerSecond !== undefined) parts.push(formatRate(bytesPerSecond));
  if (totalBytes !== undefined && bytesPerSecond !== undefined && bytesPerSecond > 0) {
    parts.push(`${formatDuration(Math.max(0, totalBytes - doneBytes) / bytesPerSecond)} left`);
  }
  if (newBytes !== undefined) parts.push(`new ${formatBytes(newBytes)}`);
  if (sharedBytes !== undefined) parts.push(`shared ${formatBytes(sharedBytes)}`);
  if (zeroBytes !== undefined) parts.push(`zero ${formatBytes(zeroBytes)}`);
  return parts;
}

export function progressLine(progress: Progress, bytesPerSecond: number | undefined): string {
  return `${phaseTitle(progress.phase)}: ${progressParts(progress, bytesPerSecond).join(', ')}`;
}

/** The last line of a phase, with its mean speed. */
export function finishedLine(progress: Progress, seconds: number): string {
  const { newBytes, sharedBytes, zeroBytes, doneBytes, leases } = progress;
  if (leases !== undefined) return `${phaseTitle(progress.phase)}: ${formatDuration(seconds)}`;
  const parts = [`${formatBytes(doneBytes)} in ${formatDuration(seconds)}`];
  if (seconds > 0) parts.push(formatRate(doneBytes / seconds));
  if (newBytes !== undefined) parts.push(`new ${formatBytes(newBytes)}`);
  if (sharedBytes !== undefined) parts.push(`shared ${formatBytes(sharedBytes)}`);
  if (zeroBytes !== undefined) parts.push(`zero ${formatBytes(zeroBytes)}`);
  return `${phaseTitle(progress.phase)}: ${parts.join(', ')}`;
}
