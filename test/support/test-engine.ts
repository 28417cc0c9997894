/** An engine in this process, over a real folder, whose clock and workers belong to the test. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { readConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import { type Environment, systemEnvironment } from '../../src/environment.js';
import { initStore, type Warning } from '../../src/index.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import type { Workers } from '../../src/workers/jobs.js';
import { folderFor } from './machine.js';

export class TestEngine {
  readonly warnings: Warning[] = [];
  /** What the engine's monotonic clock shows, and by how much each look at it moves it on. */
  readonly clock = { ms: 0, step: 0 };
  readonly engine: Engine;
  readonly workers: { -readonly [key in keyof Workers]: Workers[key] };
  /** How often the index was made anew. */
  clears = 0;

  private constructor(
    readonly objects: FolderStore,
    config: Awaited<ReturnType<typeof readConfig>>['config'],
  ) {
    const index = new MemoryIndex();
    const clear = index.clear.bind(index);
    index.clear = () => {
      this.clears++;
      return clear();
    };
    const environment: Environment = {
      ...systemEnvironment(),
      monotonic: () => {
        this.clock.ms += this.clock.step;
        return this.clock.ms;
      },
    };
    const close = async () => {};
    this.workers = inlineWorkers();
    this.engine = new Engine({
      objects,
      environment,
      config,
      workers: this.workers,
      openIndex: async () => ({ index, damage: undefined, laterDamage: () => undefined, close }),
      warn: (warning) => this.warnings.push(warning),
    });
  }

  static async make(t: ExecutionContext): Promise<TestEngine> {
    const location = join(folderFor(t), 'store');
    await initStore(location);
    const objects = await FolderStore.open(location, systemEnvironment().pid.toString(16).padStart(16, '0'));
    return new TestEngine(objects, (await readConfig(objects)).config);
  }

  /** Ids of the leases that stand now. */
  async leases(): Promise<string[]> {
    return (await this.objects.list('leases')).map((key) => key.slice('leases/'.length));
  }
}
