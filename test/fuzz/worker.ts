/**
 * A process that fuzzes: gets a task, tells how far it is, and says what it found. It may hang or die of an input; its
 * parent (supervisor.ts) reads the flight recorder then.
 */
import { Coverage } from './coverage.js';
import type { FromWorker, Task } from './supervisor.js';

/** Between two reports, and where a run with a time limit looks at the clock. */
const REPORT_MS = 500;
const CLOCK_INPUTS = 64;

const [recorderPath = '', role] = process.argv.slice(2);
const coverage = role === 'explore' ? new Coverage() : undefined;
coverage?.start();
const { Fuzzer } = await import('./fuzzer.js');
const { Recorder } = await import('./recorder.js');
const { explore } = await import('./explore.js');
const { targetNamed } = await import('./targets/index.js');

const recorder = new Recorder(recorderPath);
const send = (message: FromWorker) => void process.send!(message);

async function work({ target: name, seed, first, count, corpus, endMs, input }: Task): Promise<void> {
  const started = performance.now();
  let told = started;
  const target = targetNamed(name);
  const fuzzer = new Fuzzer(
    target,
    seed,
    recorder,
    corpus.map((text) => Buffer.from(text, 'base64')),
  );
  const report = (kind: 'progress' | 'done', found: readonly Buffer[] = []) => {
    fuzzer.tally.ms = performance.now() - started;
    const { tally, violations } = fuzzer;
    send({ kind, tally, violations, found: found.map((bytes) => bytes.toString('base64')) });
  };
  const tell = () => {
    if (performance.now() - told < REPORT_MS) return;
    told = performance.now();
    report('progress');
  };
  if (input !== undefined) {
    await fuzzer.judge(Buffer.from(input, 'base64'), first, 'exact');
    return report('done');
  }
  if (coverage !== undefined) return report('done', await explore(fuzzer, coverage, first, count, tell));
  for (let index = first; index < first + count && !fuzzer.isDone; index++) {
    await fuzzer.run(index);
    if (index % CLOCK_INPUTS !== 0) continue;
    tell();
    if (endMs !== undefined && Date.now() > endMs) break;
  }
  report('done');
}

process.on('message', (task) => void work(task as Task));
send({ kind: 'ready' });
