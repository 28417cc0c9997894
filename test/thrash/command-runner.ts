/**
 * Runs the built program, and does to it what was drawn for it: nothing; SIGKILL at some moment of its life; SIGSTOP,
 * and SIGCONT or SIGKILL later. Moments are drawn over the time that commands of its kind take.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDoppel } from '../cli/run-doppel.js';
import { ThrashFailure } from './failure.js';
import type { Random } from './random.js';
import type { Accesses } from './thrash-keys.js';

const FATES = [
  ['none', 46],
  ['kill', 42],
  ['stop, continue', 8],
  ['stop, kill', 4],
] as const;
const LONGEST_STOP_MS = 8_000;
/** A command that takes longer hangs: it is killed, and the run has failed. */
const HANGS_MS = 4 * 60_000;
/** Nobody puts anything older back: what a client remembers must not say so. */
const FALSE_ALARM = /shows an older state than this client has seen/;
const TRACE = /^\s+at \S+ \(|node:internal|This is a bug|Unhandled|panic/m;

export interface Ended {
  readonly words: readonly string[];
  /** Undefined for a command that was killed: nobody knows how far it came. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Of standard output as it came. */
  readonly stdoutSha256: string;
}

export interface RunnerCounts {
  readonly operations: Map<string, number>;
  kills: number;
  killsWhileStopped: number;
  stops: number;
}

export class CommandRunner {
  readonly counts: RunnerCounts = { operations: new Map(), kills: 0, killsWhileStopped: 0, stops: 0 };
  /** Warnings of commands that were not killed, by their beginning. */
  readonly warnings = new Map<string, number>();
  readonly #usualMs = new Map<string, number>();
  readonly #running = new Set<ChildProcessWithoutNullStreams>();
  #calm = false;

  constructor(
    private readonly store: string,
    private readonly random: Random,
    private readonly accesses: Accesses,
  ) {
    // A driver that ends early leaves nobody behind, least of all somebody who was stopped.
    process.on('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL');
    });
  }

  /** From now on nothing is killed or stopped any more. */
  calmDown(): void {
    this.#calm = true;
  }

  /** Whether there is a machine that may only write. */
  get hasMachine(): boolean {
    return this.accesses.machine !== undefined;
  }

  async run(
    kind: string,
    words: readonly string[],
    { input, as = 'full' }: { readonly input?: Uint8Array | undefined; readonly as?: keyof Accesses } = {},
  ): Promise<Ended> {
    const fate = this.#calm ? 'none' : this.random.weighted(FATES);
    const usualMs = this.#usualMs.get(kind) ?? 700;
    const moment = this.random.number() * usualMs * 1.1;
    const stopMs = 100 + this.random.number() ** 2 * LONGEST_STOP_MS;
    this.counts.operations.set(kind, (this.counts.operations.get(kind) ?? 0) + 1);

    const access = this.accesses[as]!;
    const allWords = ['--store', this.store, ...access.words, '--quiet', ...words];
    const started = performance.now();
    const child = startDoppel(allWords, { env: { ...access.env, DOPPEL_DEBUG: '1' } });
    this.#running.add(child);
    const ending = collect(child, allWords).finally(() => this.#running.delete(child));
    const ended = new AbortController();
    const struck = this.#strike(child, fate, moment, stopMs, ended.signal);
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const hangs = setTimeout(() => child.kill('SIGKILL'), HANGS_MS);
    const result = await ending;
    clearTimeout(hangs);
    ended.abort();
    const wasKilled = await struck;
    if (fate === 'none') this.#usualMs.set(kind, 0.7 * usualMs + 0.3 * (performance.now() - started));
    if (result.code === undefined && !wasKilled) {
      throw new ThrashFailure(
        `"${commandLine(result)}" did not end within ${HANGS_MS / 1000} s, or died of itself`,
      );
    }
    if (result.code !== undefined) this.#look(result);
    return result;
  }

  /** @returns whether it was killed */
  async #strike(
    child: ChildProcessWithoutNullStreams,
    fate: (typeof FATES)[number][0],
    momentMs: number,
    stopMs: number,
    ended: AbortSignal,
  ): Promise<boolean> {
    if (fate === 'none' || !(await slept(momentMs, ended))) return false;
    if (fate !== 'kill') {
      child.kill('SIGSTOP');
      this.counts.stops++;
      const stillThere = await slept(stopMs, ended);
      if (fate === 'stop, continue' || !stillThere) {
        child.kill('SIGCONT');
        return false;
      }
      this.counts.killsWhileStopped++;
    }
    const killed = child.kill('SIGKILL');
    if (killed) this.counts.kills++;
    return killed;
  }

  #look(ended: Ended): void {
    if (TRACE.test(ended.stderr) || FALSE_ALARM.test(ended.stderr) || ended.code === 1) {
      throw new ThrashFailure(
        `"${commandLine(ended)}" ended with ${ended.code}: ${ended.stderr}${ended.stdout}`,
      );
    }
    for (const line of ended.stderr.split('\n')) {
      if (!/warning/i.test(line)) continue;
      const kind = line.replace(/[0-9a-f]{6,}…?/g, '#').slice(0, 160);
      this.warnings.set(kind, (this.warnings.get(kind) ?? 0) + 1);
    }
  }
}

async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}

function collect(child: ChildProcessWithoutNullStreams, words: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => {
      hash.update(part);
      out.push(part);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const stdout = words.includes('--json') ? Buffer.concat(out).toString() : '';
      resolve({ words, code: code ?? undefined, stdout, stderr, stdoutSha256: hash.digest('hex') });
    });
  });
}

export function commandLine({ words }: Pick<Ended, 'words'>): string {
  return `doppel ${words.join(' ')}`;
}
