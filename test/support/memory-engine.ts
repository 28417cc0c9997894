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
import type { SlotSecret } from '../../src/keys/slot-secret.js';
import { openVault, ownersConfigs } from '../../src/keys/unlock.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { restore } from '../../src/restore/restore.js';
import { scrub } from '../../src/scrub/scrub.js';
import { verify } from '../../src/verify/verify.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { type Config, SEGMENT_BYTES, toHex } from '../../store-format/index.js';
import { inPieces } from './library-store.js';
import { MemoryPlace, MemoryStore } from './memory-store.js';
import { keyedConfig, makeFirstKey } from './test-keys.js';

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
  /** What stands between the process and the objects as the place holds them. */
  readonly wrap?: (objects: ObjectStore) => ObjectStore;
  /** By how much its clock is ahead. */
  readonly hoursLater?: number;
  /** Its monotonic clock, where the test moves it. */
  readonly monotonic?: () => number;
  /** Of a store with keys: what it is opened with, full access by default. */
  readonly slot?: SlotSecret;
}

export class StoreInMemory {
  readonly warnings: Warning[] = [];

  constructor(
    readonly place: MemoryPlace,
    /** Opens the store with full access, where it has keys. */
    readonly secret?: SlotSecret,
  ) {}

  /** @param settings frames of 64 KiB unless they say otherwise, so that small disks have many */
  static async make(settings: Record<string, number> = {}): Promise<StoreInMemory> {
    const place = new MemoryPlace();
    await writeFirstConfig(new MemoryStore(place), newConfig(settings));
    return StoreInMemory.#made(new StoreInMemory(place));
  }

  /** As `make`, with keys. */
  static async makeKeyed(settings: Record<string, number> = {}): Promise<StoreInMemory> {
    const place = new MemoryPlace();
    const config = newConfig(settings);
    const { encryption, vault, secret } = await makeFirstKey(systemEnvironment(), config.storeId);
    const objects = new SealedStore(new MemoryStore(place), vault);
    await writeFirstConfig(objects, keyedConfig(config, encryption));
    return StoreInMemory.#made(new StoreInMemory(place, secret));
  }

  static async #made(store: StoreInMemory): Promise<StoreInMemory> {
    await changeConfig(await store.objects(), (config) => config);
    return store;
  }

  copy(): StoreInMemory {
    return new StoreInMemory(this.place.copy(), this.secret);
  }

  /** In clear. @param slot what the store is opened with */
  async objects(slot = this.secret): Promise<ObjectStore> {
    return unlocked(new MemoryStore(this.place), slot);
  }

  async process({
    wrap,
    hoursLater = 0,
    monotonic,
    slot = this.secret,
  }: ProcessOptions = {}): Promise<Engine> {
    const system = systemEnvironment();
    const plain = new MemoryStore(this.place);
    const objects = await unlocked(wrap === undefined ? plain : wrap(plain), slot);
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

function newConfig(settings: Record<string, number>): Config {
  const { now, random } = systemEnvironment();
  return {
    storeId: toHex(random(16)),
    createdMs: now(),
    features: { read: [], write: [], collect: [] },
    hash: 'blake3',
    chunker: CHUNKER,
    segmentBytes: SEGMENT_BYTES,
    settings: { frameBytes: 65_536, ...settings },
  };
}

/** As whoever opens the store does: from the config as it stands. */
async function unlocked(place: ObjectStore, slot: SlotSecret | undefined): Promise<ObjectStore> {
  if (slot === undefined) return place;
  const { config } = await readConfig(ownersConfigs(place, slot));
  return new SealedStore(place, openVault(config, slot, systemEnvironment().random));
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
