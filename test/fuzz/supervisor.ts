/**
 * Runs tasks in processes of their own and watches them. An input that neither ends nor fails, or that takes its process
 * with it (memory, native code), is a violation like any other: the process is killed, the input read from the flight
 * recorder, and a new process goes on behind it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViolationKind } from './judge.js';
import { type Recorded, readCount, readRecord } from './recorder.js';
import { newTally, sumOf, type Tally, type Violation } from './tally.js';

/** Inputs take 20 us; the largest that a bound allows, 5 seconds. */
export const HANG_MS = 30_000;
const WATCH_MS = 200;
/** What a decoder may ask for is far below: who asks for more dies of it, and is found. */
const HEAP_MIB = 1024;
/** Of what a process wrote to standard error: a heap that is full tells its whole state. */
const LAST_WORDS = 600;
/** As in fuzzer.ts, for what ends a process. */
const MAX_DEATHS = 2;

export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** Base64: what exploring found. */
  readonly corpus: readonly string[];
  /** By the clock. */
  readonly endMs?: number | undefined;
  /** This one alone, in base64. */
  readonly input?: string | undefined;
}

export interface Outcome {
  readonly tally: Tally;
  readonly violations: readonly Violation[];
  /** Base64. */
  readonly found: readonly string[];
}

export type FromWorker = { readonly kind: 'ready' } | ({ readonly kind: 'progress' | 'done' } & Outcome);

export type Role = 'explore' | 'run';

/** One place of work: a process that is made anew when it had to be killed. */
export class Supervisor {
  readonly #folder = mkdtempSync(join(tmpdir(), 'doppel-fuzz-'));
  readonly #record = join(this.#folder, 'input');
  #child: ChildProcess | undefined;
  #lastWords = '';

  constructor(
    private readonly role: Role,
    private readonly hangMs: number = HANG_MS,
  ) {}

  /** @returns what all its processes counted: one that died, up to its last report */
  async run(task: Task): Promise<Outcome> {
    const parts: Outcome[] = [];
    let rest = task;
    for (let deaths = 0; ; deaths++) {
      const { outcome, death } = await this.#attempt(rest);
      parts.push(outcome);
      if (death === undefined || deaths + 1 >= MAX_DEATHS || task.input !== undefined) break;
      const done = death.index + 1 - rest.first;
      rest = { ...rest, first: death.index + 1, count: rest.count - done };
      if (rest.count <= 0) break;
    }
    return joined(task.target, parts);
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #attempt(task: Task): Promise<{ readonly outcome: Outcome; readonly death?: Recorded }> {
    this.#child ??= await this.#start();
    const child = this.#child;
    let last: Outcome = { tally: newTally(task.target), violations: [], found: [] };
    const end = await new Promise<'done' | { readonly kind: ViolationKind; readonly message: string }>(
      (resolve) => {
        const watch = this.#watch(() => {
          resolve({ kind: 'hang', message: `No answer within ${this.hangMs} ms` });
        });
        child.on('message', (message: FromWorker) => {
          if (message.kind === 'ready') return;
          last = message;
          if (message.kind === 'done') resolve('done');
        });
        child.once('close', (code, signal) =>
          resolve({ kind: 'crash', message: `Its process ended: ${signal ?? code} ${this.#lastWords}` }),
        );
        this.#stopWatching = () => clearInterval(watch);
        child.send(task);
      },
    );
    this.#stopWatching();
    child.removeAllListeners();
    if (end === 'done') return { outcome: last };
    child.kill('SIGKILL');
    this.#child = undefined;
    const death = readRecord(this.#record);
    const { target, seed } = task;
    const violation = { target, ...end, seed, index: death.index, input: death.input.toString('base64') };
    return { outcome: { ...last, violations: [...last.violations, violation] }, death };
  }

  #stopWatching: () => void = () => {};

  /** The counter of inputs must move. */
  #watch(onHang: () => void): NodeJS.Timeout {
    let count = -1;
    let since = performance.now();
    return setInterval(() => {
      const now = readCount(this.#record);
      if (now !== count) {
        count = now;
        since = performance.now();
      } else if (performance.now() - since > this.hangMs) onHang();
    }, WATCH_MS);
  }

  #start(): Promise<ChildProcess> {
    return new Promise((resolve, reject) => {
      const execArgv = [...process.execArgv, `--max-old-space-size=${HEAP_MIB}`, '--min-semi-space-size=16'];
      const child = fork(new URL('./worker.ts', import.meta.url), [this.#record, this.role], {
        execArgv,
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      });
      this.#lastWords = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
      });
      child.once('message', () => {
        child.removeAllListeners('exit');
        resolve(child);
      });
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`A process of the fuzzer ended with ${code} before it began`)),
      );
    });
  }
}

function joined(target: string, parts: readonly Outcome[]): Outcome {
  return {
    tally: sumOf(
      parts.map(({ tally }) => tally),
      target,
    ),
    violations: parts.flatMap(({ violations }) => violations),
    found: parts.flatMap(({ found }) => found),
  };
}
