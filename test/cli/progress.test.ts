import test from 'ava';
import { PlainLinesDisplay, SilentDisplay } from '../../cli/progress-display.js';
import { progressLine } from '../../cli/progress-line.js';
import { TransferRate } from '../../cli/transfer-rate.js';
import type { Progress } from '../../src/index.js';

const MIB = 1024 ** 2;

test('a line of progress', (t) => {
  const counts = { newBytes: 10 * MIB, sharedBytes: 20 * MIB, zeroBytes: 30 * MIB };
  t.is(
    progressLine({ phase: 'capture', doneBytes: 60 * MIB, totalBytes: 240 * MIB, ...counts }, 10 * MIB),
    'Capturing: 25 %, 60 MiB of 240 MiB, 10 MiB/s, 18.0 s left, new 10 MiB, shared 20 MiB, zero 30 MiB',
  );
});

test('a stream of unknown length has no percent and no time left', (t) => {
  t.is(progressLine({ phase: 'capture', doneBytes: MIB }, MIB), 'Capturing: 1 MiB, 1 MiB/s');
  t.is(
    progressLine({ phase: 'restore', doneBytes: 0, totalBytes: 0 }, undefined),
    'Restoring: 100 %, 0 B of 0 B',
  );
});

test('waiting counts who is waited for, not bytes', (t) => {
  const waiting: Progress = { phase: 'wait', doneBytes: 0, leases: 2 };
  t.is(progressLine(waiting, 0), 'Waiting: for 2 others that began earlier');
  const updates = [0, 2000, 4000].map((timeMs): [number, Progress] => [timeMs, waiting]);
  t.deepEqual(plainLines(updates, 5000), ['Waiting: for 2 others that began earlier\n', 'Waiting: 5.0 s\n']);
});

test('the rate follows the last seconds and starts anew when the count does', (t) => {
  const rate = new TransferRate();
  t.is(rate.bytesPerSecond, undefined);
  for (let second = 0; second <= 30; second++) rate.add(second * 1000, second * MIB);
  for (let second = 31; second <= 45; second++) rate.add(second * 1000, 30 * MIB + (second - 30) * 5 * MIB);
  t.is(rate.bytesPerSecond, 5 * MIB);
  rate.add(46_000, 0);
  t.is(rate.bytesPerSecond, undefined);
});

function plainLines(updates: readonly (readonly [number, Progress])[], endMs: number): readonly string[] {
  const lines: string[] = [];
  let nowMs = 0;
  const display = new PlainLinesDisplay(
    (text) => lines.push(text),
    () => nowMs,
  );
  for (const [timeMs, progress] of updates) {
    nowMs = timeMs;
    display.update(progress);
  }
  nowMs = endMs;
  display.finish();
  return lines;
}

test('plain lines: the first after 2 s, then every 10 s, and a last one', (t) => {
  const updates = Array.from({ length: 131 }, (_, i): [number, Progress] => [
    i * 200,
    { phase: 'verify', doneBytes: i * MIB, totalBytes: 130 * MIB },
  ]);
  t.deepEqual(plainLines(updates, 26_000), [
    'Verifying: 7 %, 10 MiB of 130 MiB, 5 MiB/s, 24.0 s left\n',
    'Verifying: 46 %, 60 MiB of 130 MiB, 5 MiB/s, 14.0 s left\n',
    'Verifying: 84 %, 110 MiB of 130 MiB, 5 MiB/s, 4.0 s left\n',
    'Verifying: 130 MiB in 26.0 s, 5 MiB/s\n',
  ]);
});

test('plain lines: quick work says nothing, and each phase has its own clock', (t) => {
  t.deepEqual(
    plainLines(
      [
        [0, { phase: 'index', doneBytes: 1 }],
        [1900, { phase: 'index', doneBytes: 2 }],
      ],
      1950,
    ),
    [],
  );
  const lines = plainLines(
    [
      [0, { phase: 'restore', doneBytes: 0 }],
      [2000, { phase: 'restore', doneBytes: 2 * MIB }],
      [4000, { phase: 'verify', doneBytes: 0 }],
      [5900, { phase: 'verify', doneBytes: 9 * MIB }],
    ],
    5950,
  );
  t.deepEqual(lines, ['Restoring: 2 MiB, 1 MiB/s\n', 'Restoring: 2 MiB in 4.0 s, 512 KiB/s\n']);
});

test('quiet hides progress, not warnings', (t) => {
  const lines: string[] = [];
  const display = new SilentDisplay((text) => lines.push(text));
  display.update({ phase: 'capture', doneBytes: 5 });
  display.warn({ code: 'source-mounted', message: 'It is mounted' });
  display.finish();
  t.deepEqual(lines, ['Warning: It is mounted\n']);
});
