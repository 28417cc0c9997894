/**
 * Where progress and warnings go: a bar on a terminal, plain lines elsewhere, silence when asked. Always standard
 * error, whatever form the result takes. Warnings are shown by all three: quiet hides progress alone.
 */
import type { Progress, Warning } from '../src/index.js';
import { printable } from './printable.js';
import { finishedLine, progressLine } from './progress-line.js';
import { TransferRate } from './transfer-rate.js';

export interface ProgressDisplay {
  update(progress: Progress): void;
  warn(warning: Warning): void;
  /** A line for people in the midst of the work. */
  note(text: string): void;
  /** Takes the bar away, or writes the last line. */
  finish(): void;
}

export type WriteText = (text: string) => void;

const FIRST_LINE_AFTER_MS = 2000;
const LINE_INTERVAL_MS = 10_000;

export class SilentDisplay implements ProgressDisplay {
  constructor(private readonly write: WriteText) {}

  update(_progress: Progress): void {}

  warn(warning: Warning): void {
    this.note(`Warning: ${printable(warning.message)}`);
  }

  note(text: string): void {
    this.write(`${text}\n`);
  }

  finish(): void {}
}

/** For logs: nothing for quick work, else the first line after 2 s, one every 10 s, and one at the end of each phase. */
export class PlainLinesDisplay implements ProgressDisplay {
  #phase:
    | { readonly startMs: number; readonly rate: TransferRate; last: Progress; spoke: boolean }
    | undefined;
  #nextLineMs = 0;

  constructor(
    private readonly write: WriteText,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  update(progress: Progress): void {
    const nowMs = this.nowMs();
    if (this.#phase?.last.phase !== progress.phase) {
      this.finish();
      this.#phase = { startMs: nowMs, rate: new TransferRate(), last: progress, spoke: false };
      this.#nextLineMs = nowMs + FIRST_LINE_AFTER_MS;
    }
    const phase = this.#phase!;
    phase.last = progress;
    phase.rate.add(nowMs, progress.doneBytes);
    if (nowMs < this.#nextLineMs) return;
    this.note(progressLine(progress, phase.rate.bytesPerSecond));
    this.#nextLineMs = nowMs + LINE_INTERVAL_MS;
    phase.spoke = true;
  }

  warn(warning: Warning): void {
    this.note(`Warning: ${printable(warning.message)}`);
  }

  note(text: string): void {
    this.write(`${text}\n`);
  }

  finish(): void {
    const phase = this.#phase;
    this.#phase = undefined;
    if (phase?.spoke) this.note(finishedLine(phase.last, (this.nowMs() - phase.startMs) / 1000));
  }
}

export async function openProgressDisplay(write: WriteText, quiet: boolean): Promise<ProgressDisplay> {
  if (quiet) return new SilentDisplay(write);
  if (!process.stderr.isTTY) return new PlainLinesDisplay(write);
  const { TerminalBarDisplay } = await import('./terminal-bar.js');
  return new TerminalBarDisplay(process.stderr);
}
