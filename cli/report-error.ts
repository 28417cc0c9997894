/**
 * Whatever went wrong, told once: a sentence for people on standard error, or a JSON document on standard output, and
 * the exit code. Only a bug of doppel has a stack to show, and only with DOPPEL_DEBUG=1.
 */
import { CommanderError } from 'commander';
import type { StoreErrorCode, StoreErrorDetails } from '../src/index.js';
import { type CommandErrorCode, EXIT, EXIT_CODES, type ExitCode, isStoreErrorCode } from './exit-codes.js';
import { Interrupted, OutputClosed } from './interruption.js';
import { printable } from './printable.js';
import { isOutputClosed, toJsonText, writeError, writeOutput } from './standard-streams.js';

/** A mistake in the command line that the parser cannot see by itself. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface ErrorReport {
  readonly code: StoreErrorCode | CommandErrorCode;
  readonly message: string;
  readonly details: StoreErrorDetails;
  readonly exitCode: ExitCode;
}

export interface ReportTarget {
  readonly json: boolean;
  /** JSON goes to standard error: standard output belongs to an image. */
  readonly imageOnStdout: boolean;
  /** The command to name in "see … --help". */
  readonly verb?: string | undefined;
}

/** @param abortReason why the operation was told to stop, if it was */
export function describeError(error: unknown, abortReason?: unknown): ErrorReport {
  const reason = isAbort(error, abortReason) ? abortReason : error;
  if (reason instanceof Interrupted) {
    return { code: 'interrupted', message: reason.message, details: {}, exitCode: reason.exitCode };
  }
  if (reason instanceof OutputClosed || errnoOf(reason) === 'EPIPE') {
    return { code: 'interrupted', message: messageOf(reason), details: {}, exitCode: EXIT.brokenPipe };
  }
  if (error instanceof UsageError || error instanceof CommanderError) {
    return { code: 'usage', message: usageMessage(error), details: {}, exitCode: EXIT.usage };
  }
  if (isStoreError(error)) {
    const { code, message, details } = error;
    return { code, message, details, exitCode: EXIT_CODES[code] };
  }
  return describeForeignError(error);
}

export async function reportError(
  error: unknown,
  target: ReportTarget,
  abortReason?: unknown,
): Promise<ExitCode> {
  const report = describeError(error, abortReason);
  if (isOutputClosed() || report.exitCode === EXIT.brokenPipe) return EXIT.brokenPipe;
  if (target.json) {
    const { code, message, details } = report;
    const text = toJsonText({ error: { code, message, details } });
    if (target.imageOnStdout) writeError(text);
    else await writeOutput(text).catch(() => writeError(text));
  } else {
    writeError(humanReport(report, target.verb));
  }
  if (report.exitCode === EXIT.bug && process.env.DOPPEL_DEBUG === '1' && error instanceof Error) {
    writeError(`${error.stack ?? ''}\n`);
  }
  return report.exitCode;
}

function humanReport(report: ErrorReport, verb: string | undefined): string {
  const lines = [`doppel: ${printable(report.message)}`];
  if (report.code === 'usage') lines.push(`See "doppel ${verb === undefined ? '' : `${verb} `}--help".`);
  const candidates = report.details.candidates ?? [];
  if (candidates.length > 0) lines.push(...candidates.map((candidate) => `  ${printable(candidate)}`));
  if (report.code === 'internal') {
    lines.push('This is a bug in doppel: please report it, with what DOPPEL_DEBUG=1 shows besides.');
  }
  return `${lines.join('\n')}\n`;
}

/** Errors of the system that reached us unnamed are still no bugs of the user's making. */
function describeForeignError(error: unknown): ErrorReport {
  const errno = errnoOf(error);
  const message = messageOf(error);
  if (errno === undefined) return { code: 'internal', message, details: {}, exitCode: EXIT.bug };
  const code: StoreErrorCode = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'no-space' : 'io-failed';
  return { code, message, details: { errno }, exitCode: EXIT_CODES[code] };
}

/** By shape, so that telling an error does not load the library. */
function isStoreError(
  error: unknown,
): error is Error & { readonly code: StoreErrorCode; readonly details: StoreErrorDetails } {
  return (
    error instanceof Error &&
    error.name === 'StoreError' &&
    'code' in error &&
    isStoreErrorCode(error.code) &&
    'details' in error
  );
}

/** The reason itself, or what streams and timers of node throw in its place. */
function isAbort(error: unknown, abortReason: unknown): boolean {
  if (abortReason === undefined || !(error instanceof Error)) return false;
  return error === abortReason || error.cause === abortReason || error.name === 'AbortError';
}

function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function usageMessage(error: Error): string {
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean/, ' (did you mean');
  return message.charAt(0).toUpperCase() + message.slice(1);
}
