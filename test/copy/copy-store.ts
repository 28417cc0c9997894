/** Stores of all sorts in folders, worked on in this process by engines of their own. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { openContents } from '../../src/contents/open-contents.js';
import { readRange } from '../../src/contents/read-range.js';
import { copy } from '../../src/copy/copy.js';
import { changeConfig, readConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import { systemEnvironment } from '../../src/environment.js';
import { gc } from '../../src/gc/gc.js';
import type {
  CaptureOptions,
  CopyOptions,
  CopyResult,
  Image,
  InitOptions,
  Warning,
} from '../../src/interface.js';
import { openVault, unlock } from '../../src/keys/unlock.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { scrub } from '../../src/scrub/scrub.js';
import { initStore } from '../../src/store/open-store.js';
import { verify } from '../../src/verify/verify.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import type { Workers } from '../../src/workers/jobs.js';
import { toHex } from '../../store-format/index.js';
import { inPieces } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { filesOf } from '../support/store-files.js';

const KIB = 1024;

export type Sort = 'plain' | 'other chunks' | 'keys';

export const SORTS: Readonly<Record<Sort, InitOptions>> = {
  plain: {},
  'other chunks': { minChunkBytes: 2 * KIB, averageChunkBytes: 8 * KIB, maxChunkBytes: 32 * KIB },
  keys: {},
};

export interface Between {
  /** What stands between the process and the folder. */
  readonly wrap?: (objects: ObjectStore) => ObjectStore;
  readonly workers?: Workers;
  /** Of a store with keys: another than the first one. */
  readonly key?: string;
}

export class CopyStore {
  readonly warnings: Warning[] = [];

  private constructor(
    readonly folder: string,
    /** Text of the key file that opens it. */
    readonly key: string | undefined,
  ) {}

  /** Frames of 64 KiB, so that small disks have many. */
  static async make(t: ExecutionContext, sort: Sort = 'plain'): Promise<CopyStore> {
    const folder = join(folderFor(t), 'store');
    let key: string | undefined;
    const onKey = async (text: string) => {
      key = text;
    };
    await initStore(folder, {
      ...SORTS[sort],
      stateFolder: false,
      ...(sort === 'keys' && { encrypt: { onKey } }),
    });
    const store = new CopyStore(folder, key);
    const { objects } = await store.process();
    await changeConfig(objects, (config) => ({ ...config, settings: { frameBytes: 64 * KIB } }));
    return store;
  }

  /** Another folder with the same keys, id and content. */
  mirror(t: ExecutionContext): CopyStore {
    const folder = join(folderFor(t), 'store');
    cpSync(this.folder, folder, { recursive: true });
    return new CopyStore(folder, this.key);
  }

  async process({
    wrap = (objects) => objects,
    workers = inlineWorkers(),
    key = this.key,
  }: Between = {}): Promise<Engine> {
    const environment = systemEnvironment('test');
    const place = wrap(await FolderStore.open(this.folder, toHex(environment.random(8))));
    const objects = key === undefined ? place : await this.#opened(place, key);
    const { config, damage } = await readConfig(objects);
    const close = async () => {};
    const slot = { index: new MemoryIndex(), damage: undefined, laterDamage: () => undefined, close };
    return new Engine({
      objects,
      environment,
      config,
      configDamage: damage,
      workers,
      openIndex: async () => slot,
      warn: (warning) => this.warnings.push(warning),
    });
  }

  async #opened(place: ObjectStore, key: string): Promise<ObjectStore> {
    const { config } = await readConfig(place);
    const { secret } = await unlock(place, config, { kind: 'key', text: key });
    return new SealedStore(
      place,
      openVault(config, secret, (bytes) => systemEnvironment().random(bytes)),
    );
  }

  async capture(bytes: Buffer, name: string, options: CaptureOptions = {}): Promise<Image> {
    return (await capture(await this.process(), inPieces(bytes), name, options)).image!;
  }

  async image(reference: string): Promise<Image> {
    return (await this.process()).library.resolve(reference);
  }

  async images(): Promise<readonly Image[]> {
    return (await this.process()).library.list();
  }

  async bytesOf(reference: string): Promise<Buffer> {
    const engine = await this.process();
    const open = await openContents(engine, [reference], {});
    try {
      const { contents } = open.images[0]!;
      return Buffer.from(await readRange(engine, open.catalog, contents, 0, contents.size));
    } finally {
      await open.release();
    }
  }

  /** The image comes back byte for byte. */
  async restores(t: ExecutionContext, reference: string, bytes: Buffer, what = reference): Promise<void> {
    t.true((await this.bytesOf(reference)).equals(bytes), `${what} has other bytes`);
  }

  /** Each image can be restored, each byte is what it was, nothing is left behind, and gc takes nothing that is needed. */
  async isSound(t: ExecutionContext): Promise<void> {
    t.deepEqual((await verify(await this.process(), [], {})).problems, []);
    t.deepEqual((await scrub(await this.process(), {})).problems, []);
    t.deepEqual(this.names('leases'), []);
    t.deepEqual(this.names('tmp'), []);
    await gc(await this.process(), { graceMs: 0, waitMs: 0 });
    t.deepEqual((await verify(await this.process(), [], {})).problems, []);
  }

  /** Names of the files right below a folder of the store. */
  names(folder: string): string[] {
    return filesOf(this.folder, folder).map((path) => path.slice(path.lastIndexOf('/') + 1));
  }
}

export async function copyBetween(
  from: CopyStore,
  to: CopyStore,
  references: readonly string[] = [],
  options: CopyOptions = {},
): Promise<CopyResult> {
  return copy(await from.process(), await to.process(), references, options);
}
