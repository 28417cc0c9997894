/** A capture whose source is a pipe that the test feeds as slowly as it likes. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { finished, type Run, startDoppel } from './run-doppel.js';

const PIECE = Buffer.alloc(256 * 1024, 'x');
const PIECE_EVERY_MS = 50;
const AT_WORK_BYTES = 2 * 1024 ** 2;

export interface SlowCapture {
  readonly child: ChildProcessWithoutNullStreams;
  readonly run: Promise<Run>;
  /** More was read than pipes hold: the capture is at work. */
  readonly atWork: Promise<void>;
  readonly stop: () => void;
}

/** Feeds the source until told to stop. */
export function captureSlowly(
  t: ExecutionContext,
  store: string,
  name: string,
  words: readonly string[] = [],
): SlowCapture {
  const child = startDoppel(['--store', store, 'capture', '-', name, ...words]);
  const run = finished(child);
  t.teardown(() => child.kill('SIGKILL')); // when the test failed half-way
  let atWork = () => {};
  const begun = new Promise<void>((resolve) => {
    atWork = resolve;
  });
  let written = 0;
  const feed = () =>
    child.stdin.write(PIECE, () => {
      written += PIECE.length;
      if (written > AT_WORK_BYTES) atWork();
    });
  const timer = setInterval(feed, PIECE_EVERY_MS);
  void run.then(() => clearInterval(timer));
  const stop = () => {
    clearInterval(timer);
    child.stdin.end();
  };
  return { child, run, atWork: begun, stop };
}
