/**
 * When all processes have ended: one gc clears up after the dead, with no unlock by hand, and everything that is listed
 * comes back bit by bit.
 */
import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EXIT } from '../../cli/exit-codes.js';
import type { GcResult, Image } from '../../src/index.js';
import { filesOf } from '../support/store-files.js';
import { commandLine, type Ended } from './command-runner.js';
import { sha256 } from './disk-pool.js';
import { ThrashFailure } from './failure.js';
import { titleOf } from './model.js';
import type { Thrashed } from './operations.js';

const DAY_MS = 24 * 3600_000;

export interface Findings {
  /** Images that had to be there and are not, or have other bytes. */
  readonly lost: number;
  readonly problems: readonly string[];
  readonly restored: number;
}

export async function checkFinally(thrashed: Thrashed, store: string): Promise<Findings> {
  const check = new FinalCheck(thrashed, store);
  await check.run();
  return { lost: check.lost, problems: check.problems, restored: check.restored };
}

class FinalCheck {
  lost = 0;
  restored = 0;
  readonly problems: string[] = [];

  constructor(
    private readonly thrashed: Thrashed,
    private readonly store: string,
  ) {}

  async run(): Promise<void> {
    await this.#list(); // before gc: what was removed may still be there
    await this.#collect();
    const live = await this.#list();
    for (const image of live) await this.#restore(image);
    await this.#do('verify', '--all');
    this.#checkFolders();
    await this.#checkDayLater();
  }

  async #do(...words: string[]): Promise<Ended> {
    const ended = await this.thrashed.runner.run('check', [...words, '--json']);
    if (ended.code !== EXIT.done) {
      this.problems.push(`"${commandLine(ended)}" ended with ${ended.code}: ${ended.stderr}${ended.stdout}`);
    }
    return ended;
  }

  async #list(): Promise<readonly Image[]> {
    const { model } = this.thrashed;
    const listed: Image[][] = [];
    for (const which of [[], ['--removed']]) {
      const ended = await this.#do('ls', ...which);
      listed.push(ended.code === EXIT.done ? (JSON.parse(ended.stdout) as Image[]) : []);
    }
    for (const image of model.images.values()) {
      try {
        model.settle([model.glance(image)], listed[0]!, listed[1]!);
      } catch (error) {
        if (!(error instanceof ThrashFailure)) throw error;
        if (error.losesImage) this.lost++;
        this.problems.push(error.message);
      }
    }
    return listed[0]!;
  }

  async #collect(): Promise<void> {
    const { model } = this.thrashed;
    model.startGc();
    const ended = await this.#do('gc', '--grace', '0');
    model.endGc();
    if (ended.code !== EXIT.done) return;
    const { waitingPacks, keptImages } = JSON.parse(ended.stdout) as GcResult;
    if (waitingPacks + keptImages > 0)
      this.problems.push(
        `gc waits for ${waitingPacks} packs and keeps ${keptImages} removed images, but nobody works`,
      );
  }

  async #restore(image: Image): Promise<void> {
    const { model, runner, folder } = this.thrashed;
    const known = model.images.get(image.labels.attempt ?? '');
    if (known === undefined) return; // told when it was listed
    const target = join(folder, 'checked');
    const ended = await runner.run('check', ['restore', `@${image.id}`, target]);
    const isWhole = ended.code === EXIT.done && sha256(readFileSync(target)) === known.sha256;
    rmSync(target, { force: true });
    if (isWhole) this.restored++;
    else {
      this.lost++;
      this.problems.push(`${titleOf(known)} does not come back: exit code ${ended.code} ${ended.stderr}`);
    }
  }

  /** Leases, records of condemned packs, and unfinished objects of the dead are gone. */
  #checkFolders(): void {
    for (const folder of ['leases', 'condemned', 'pins', 'damaged', 'lost']) this.#expectEmpty(folder);
    const ofLeases = filesOf(this.store, 'tmp').filter((path) => /^[0-9a-f]{32}\./.test(basename(path)));
    if (ofLeases.length > 0) this.problems.push(`tmp/ holds ${ofLeases.length} files of leases that ended`);
  }

  #expectEmpty(folder: string): void {
    const files = filesOf(this.store, folder);
    if (files.length > 0) this.problems.push(`${folder}/ holds ${files.length} objects, such as ${files[0]}`);
  }

  /** Small files that no lease stands behind are left a day: a day later they go as well. */
  async #checkDayLater(): Promise<void> {
    const yesterday = new Date(Date.now() - 2 * DAY_MS);
    for (const path of filesOf(this.store, 'tmp')) utimesSync(path, yesterday, yesterday);
    await this.#do('gc');
    this.#expectEmpty('tmp');
  }
}
