/**
 * The bar on a terminal. It leaves nothing behind: each phase draws one line, and warnings stand above it. The cursor
 * and the line wrapping of the terminal are left alone, so that a process that ends at once needs no cleaning up.
 */
import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';
import type { Progress, Warning } from '../src/index.js';
import { printable } from './printable.js';
import type { ProgressDisplay } from './progress-display.js';
import { fractionDone, phaseTitle, progressParts } from './progress-line.js';
import { TransferRate } from './transfer-rate.js';

const MIN_BAR_WIDTH = 8;
const MAX_BAR_WIDTH = 30;
const FALLBACK_COLUMNS = 80;
const FRAMES_PER_SECOND = 8;

export class TerminalBarDisplay implements ProgressDisplay {
  #bar: cliProgress.SingleBar | undefined;
  #progress: Progress | undefined;
  #rate = new TransferRate();

  constructor(private readonly terminal: WriteStream) {}

  update(progress: Progress): void {
    if (this.#progress?.phase !== progress.phase) {
      this.#clear();
      this.#rate = new TransferRate();
    }
    this.#progress = progress;
    this.#rate.add(performance.now(), progress.doneBytes);
    const doneBytes = Math.min(progress.doneBytes, progress.totalBytes ?? progress.doneBytes);
    if (this.#bar === undefined) {
      this.#bar = this.#openBar();
      this.#bar.start(progress.totalBytes ?? 0, doneBytes);
    } else {
      this.#bar.update(doneBytes);
    }
  }

  warn(warning: Warning): void {
    this.note(`Warning: ${printable(warning.message)}`);
  }

  note(text: string): void {
    this.#clear();
    this.terminal.write(`${text}\n`);
  }

  finish(): void {
    this.#clear();
    this.#progress = undefined;
  }

  #openBar(): cliProgress.SingleBar {
    return new cliProgress.SingleBar({
      stream: this.terminal,
      format: () => this.#line(),
      fps: FRAMES_PER_SECOND,
      clearOnComplete: true,
      forceRedraw: true,
      linewrap: true,
      hideCursor: false,
      gracefulExit: false,
    });
  }

  #clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** The bar takes the room that the words leave, and goes where they leave none. */
  #line(): string {
    const progress = this.#progress;
    if (progress === undefined) return '';
    const title = phaseTitle(progress.phase);
    const text = progressParts(progress, this.#rate.bytesPerSecond).join(' · ');
    const columns = (this.terminal.columns || FALLBACK_COLUMNS) - 1;
    const room = Math.min(MAX_BAR_WIDTH, columns - title.length - text.length - ' [] '.length);
    const fraction = fractionDone(progress);
    const bar = fraction === undefined || room < MIN_BAR_WIDTH ? '' : ` [${drawBar(fraction, room)}]`;
    return `${title}${bar} ${text}`.slice(0, columns);
  }
}

function drawBar(fraction: number, width: number): string {
  const full = Math.round(fraction * width);
  return '#'.repeat(full) + '-'.repeat(width - full);
}
