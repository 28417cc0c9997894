/** A store in a folder, worked on in this process by engines of their own: as many processes as a test needs. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { openContents } from '../../src/contents/open-contents.js';
import { readRange } from '../../src/contents/read-range.js';
import { changeConfig, readConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import { systemEnvironment } from '../../src/environment.js';
import { gc } from '../../src/gc/gc.js';
import type { GcOptions, GcResult, Image, InitOptions, Warning } from '../../src/interface.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { initStore } from '../../src/store/open-store.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { toHex } from '../../store-format/index.js';
import { inPieces } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { filesOf } from '../support/store-files.js';

const KIB = 1024;
const HOUR_MS = 3600 * 1000;

export class GcStore {
  readonly warnings: Warning[] = [];

  private constructor(readonly folder: string) {}

  /** Frames of 64 KiB, so that small disks have many. */
  static make(t: ExecutionContext, settings: Record<string, number> = {}): Promise<GcStore> {
    return GcStore.makeAt(join(folderFor(t), 'store'), settings);
  }

  static async makeAt(
    folder: string,
    settings: Record<string, number> = {},
    options: InitOptions = {},
  ): Promise<GcStore> {
    await initStore(folder, options);
    const objects = await FolderStore.open(folder, 'test');
    await changeConfig(objects, (config) => ({ ...config, settings: { frameBytes: 64 * KIB, ...settings } }));
    return new GcStore(folder);
  }

  /** A copy to be hurt. */
  copyFor(t: ExecutionContext): GcStore {
    return this.copyAt(join(folderFor(t), 'store'));
  }

  copyAt(folder: string): GcStore {
    cpSync(this.folder, folder, { recursive: true });
    return new GcStore(folder);
  }

  /** A process of its own. @param wrap what stands between it and the folder */
  async process(
    wrap: (objects: ObjectStore) => ObjectStore = (objects) => objects,
    hoursLater = 0,
  ): Promise<Engine> {
    const system = systemEnvironment();
    const environment = { ...system, now: () => system.now() + hoursLater * HOUR_MS };
    const objects = wrap(await FolderStore.open(this.folder, toHex(environment.random(8))));
    const { config, damage } = await readConfig(objects);
    const close = async () => {};
    const slot = { index: new MemoryIndex(), damage: undefined, laterDamage: () => undefined, close };
    return new Engine({
      objects,
      environment,
      config,
      configDamage: damage,
      workers: inlineWorkers(),
      openIndex: async () => slot,
      warn: (warning) => this.warnings.push(warning),
    });
  }

  async capture(bytes: Buffer, name: string, engine?: Engine): Promise<Image> {
    const { image } = await capture(engine ?? (await this.process()), inPieces(bytes), name, {});
    return image!;
  }

  async remove(reference: string): Promise<void> {
    await (await this.process()).library.remove(reference);
  }

  async gc(options: GcOptions = {}): Promise<GcResult> {
    return gc(await this.process(), { waitMs: 0, ...options });
  }

  async bytesOf(reference: string, engine?: Engine): Promise<Buffer> {
    engine ??= await this.process();
    const open = await openContents(engine, [reference], {});
    try {
      const { contents } = open.images[0]!;
      return Buffer.from(await readRange(engine, open.catalog, contents, 0, contents.size));
    } finally {
      await open.release();
    }
  }

  /** The image comes back byte for byte. Buffers are compared at once: `deepEqual` takes two seconds for each MiB. */
  async restores(t: ExecutionContext, reference: string, bytes: Buffer, message?: string): Promise<void> {
    t.true(
      (await this.bytesOf(reference)).equals(bytes),
      message ?? `${reference} came back with other bytes`,
    );
  }

  /** Names of the files right below a folder of the store. */
  names(folder: string): string[] {
    return filesOf(this.folder, folder).map((path) => path.slice(path.lastIndexOf('/') + 1));
  }
}
