/**
 *   [1] a new store   [2] several lanes, each with one command after the other, many of them killed or stopped
 *   [3] all have ended: one gc, and everything that should be there is there
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandRunner } from './command-runner.js';
import { DiskPool } from './disk-pool.js';
import { ThrashFailure } from './failure.js';
import { checkFinally } from './final-check.js';
import { Model } from './model.js';
import { chooseOperation, OPERATIONS, type Thrashed } from './operations.js';
import type { ThrashOptions } from './options.js';
import { Random } from './random.js';
import { makeStore } from './thrash-keys.js';

export interface ThrashResult {
  readonly minutes: number;
  readonly operations: ReadonlyMap<string, number>;
  readonly kills: number;
  readonly killsWhileStopped: number;
  readonly stops: number;
  readonly published: number;
  readonly restored: number;
  readonly lost: number;
  readonly problems: readonly string[];
  readonly warnings: ReadonlyMap<string, number>;
  /** Where the store is, if it was kept. */
  readonly store?: string;
  /** And the folder with the key files that open it. */
  readonly keys?: string;
}

export async function runThrash(
  options: ThrashOptions,
  say: (line: string) => void = () => {},
): Promise<ThrashResult> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'doppel-thrash-'));
  const store = options.store ?? join(folder, 'store');
  const work = join(folder, 'work');
  mkdirSync(work);
  const accesses = await makeStore(store, folder, options.keys); // [1]

  const random = new Random(options.seed);
  const runner = new CommandRunner(store, random, accesses);
  const thrashed = {
    runner,
    model: new Model(),
    disks: new DiskPool(options.seed, random),
    random,
    folder: work,
  };
  const { lost, problems } = await runLanes(thrashed, options, say); // [2]
  runner.calmDown();
  say('Checking what is left ...');
  const findings = await checkFinally(thrashed, store); // [3]
  const allProblems = [...problems, ...findings.problems];
  const isKept = options.store !== undefined || allProblems.length > 0;
  rmSync(isKept ? work : folder, { recursive: true, force: true });
  return {
    minutes: (performance.now() - started) / 60_000,
    ...runner.counts,
    published: thrashed.model.published,
    restored: findings.restored,
    lost: lost + findings.lost,
    problems: allProblems,
    warnings: runner.warnings,
    ...(isKept ? { store } : {}),
    ...(isKept && options.keys ? { keys: folder } : {}),
  };
}

async function runLanes(
  thrashed: Thrashed,
  { minutes, lanes }: ThrashOptions,
  say: (line: string) => void,
): Promise<{ lost: number; problems: readonly string[] }> {
  const end = performance.now() + 60_000 * minutes;
  const problems: string[] = [];
  let lost = 0;
  const lane = async () => {
    while (performance.now() < end && problems.length === 0) {
      try {
        await OPERATIONS[chooseOperation(thrashed)](thrashed);
      } catch (error) {
        if (!(error instanceof ThrashFailure)) throw error;
        if (error.losesImage) lost++;
        problems.push(error.message);
      }
    }
  };
  const telling = setInterval(() => say(progressLine(thrashed)), 30_000);
  await Promise.all(Array.from({ length: lanes }, lane)).finally(() => clearInterval(telling));
  return { lost, problems };
}

function progressLine({ runner, model }: Thrashed): string {
  const commands = [...runner.counts.operations.values()].reduce((sum, count) => sum + count, 0);
  const { kills, stops } = runner.counts;
  const live = model.with('live').length;
  return `  ${commands} commands, ${kills} kills, ${stops} stops, ${model.published} images published, ${live} live`;
}

/** The last line of a run. */
export function summaryOf(result: ThrashResult): string {
  const { minutes, operations, kills, killsWhileStopped, stops, published, restored, lost } = result;
  const byKind = [...operations].map(([kind, count]) => `${kind} ${count}`).sort();
  return (
    `${minutes.toFixed(1)} minutes; ${byKind.join(', ')}; ${kills} kills (${killsWhileStopped} while stopped), ` +
    `${stops} stops; ${published} images published, ${restored} restored at the end, ${lost} lost`
  );
}
