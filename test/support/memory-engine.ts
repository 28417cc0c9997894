/** Operations on a store in memory, each by a process of its own, as commands are. */
import { Writable } from 'node:stream';
import { capture } from '../../src/capture/capture.js';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { openResolved } from '../../src/contents/open-contents.js';
import { readRange } from '../../src/contents/read-range.js';
import { changeConfig, readConfig, writeFirstConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import { systemEnvironment } from '../../src/environment.js';
import { StoreError } from '../../src/errors.js';
import { gc } from '../../src/gc/gc.js';
import type {
  GcOptions,
  GcResult,
  Image,
  RestoreOptions,
  RestoreResult,
  ScrubOptions,
  ScrubResult,
  VerifyResult,
  Warning,
} from '../../src/interface.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { restore } from '../../src/restore/restore.js';
import { scrub } from '../../src/scrub/scrub.js';
import { verify } from '../../src/verify/verify.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { SEGMENT_BYTES, toHex } from '../../store-format/index.js';
import { inPieces } from './library-store.js';
import { MemoryPlace, MemoryStore } from './memory-store.js';

const HOUR_MS = 3600 * 1000;
const CHUNKER = {
  algorithm: 'fastcdc',
  minBytes: 4096,
  averageBytes: 16_384,
  maxBytes: 65_536,
  holeBlocks: 1,
  gearSeed: '0'.repeat(64),
} as const;

export interface ProcessOptions {
  /** What stands between the process and the objects. */
  readonly wrap?: (objects: ObjectStore) => ObjectStore;
  /** By how much its clock is ahead. */
  readonly hoursLater?: number;
  /** Its monotonic clock, where the test moves it. */
  readonly monotonic?: () => number;
}

export class StoreInMemory {
  readonly warnings: Warning[] = [];

  constructor(readonly place: MemoryPlace) {}

  /** @param settings frames of 64 KiB unless they say otherwise, so that small disks have many */
  static async make(settings: Record<string, number> = {}): Promise<StoreInMemory> {
    const place = new MemoryPlace();
    const objects = new MemoryStore(place);
    const { now, random } = systemEnvironment();
    await writeFirstConfig(objects, {
      storeId: toHex(random(16)),
      createdMs: now(),
      features: { read: [], write: [], collect: [] },
      hash: 'blake3',
      chunker: CHUNKER,
      segmentBytes: SEGMENT_BYTES,
      settings: { frameBytes: 65_536, ...settings },
    });
    await changeConfig(objects, (config) => config);
    return new StoreInMemory(place);
  }

  copy(): StoreInMemory {
    return new StoreInMemory(this.place.copy());
  }

  async process({ wrap, hoursLater = 0, monotonic }: ProcessOptions = {}): Promise<Engine> {
    const system = systemEnvironment();
    const plain = new MemoryStore(this.place);
    const objects = wrap === undefined ? plain : wrap(plain);
    const { config, damage } = await readConfig(objects);
    const close = async () => {};
    return new Engine({
      objects,
      environment: {
        ...system,
        now: () => system.now() + hoursLater * HOUR_MS,
        ...(monotonic && { monotonic }),
      },
      config,
      configDamage: damage,
      workers: inlineWorkers(),
      openIndex: async () => ({
        index: new MemoryIndex(),
        damage: undefined,
        laterDamage: () => undefined,
        close,
      }),
      warn: (warning) => this.warnings.push(warning),
    });
  }

  async capture(bytes: Buffer, name: string): Promise<Image> {
    return (await capture(await this.process(), inPieces(bytes), name, {})).image!;
  }

  async remove(reference: string): Promise<void> {
    await (await this.process()).library.remove(reference);
  }

  async undelete(reference: string): Promise<void> {
    await (await this.process()).library.undelete(reference);
  }

  async gc(options: GcOptions = {}): Promise<GcResult> {
    return gc(await this.process(), { waitMs: 0, ...options });
  }

  async verify(): Promise<VerifyResult> {
    return verify(await this.process(), [], {});
  }

  /** @param other what `--from` names */
  async scrub(options: ScrubOptions = {}, other?: StoreInMemory): Promise<ScrubResult> {
    return scrub(await this.process(), options, other && (() => other.process()));
  }

  /** To a stream, as the command does to standard output. */
  async restore(
    reference: string,
    options: RestoreOptions = {},
  ): Promise<{ readonly bytes: Buffer; readonly result: RestoreResult }> {
    const parts: Buffer[] = [];
    const target = new Writable({
      write(part: Buffer, _encoding, done) {
        parts.push(Buffer.from(part));
        done();
      },
    });
    const result = await restore(await this.process(), reference, target, options);
    return { bytes: Buffer.concat(parts), result };
  }
}

/** What a reader of the image gets, removed or not. */
export async function bytesOf(engine: Engine, publication: string): Promise<Buffer> {
  const { images } = await engine.library.load();
  const image = images.find((each) => each.publication === publication);
  if (image === undefined) throw new StoreError('unknown-reference', `No image ${publication}`);
  const open = await openResolved(engine, [image], {});
  try {
    const { contents } = open.images[0]!;
    return Buffer.from(await readRange(engine, open.catalog, contents, 0, contents.size));
  } finally {
    await open.release();
  }
}
