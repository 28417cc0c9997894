/** The library's front: one method per operation, each a call into the room that does it. */
import { type Config, FORMAT_VERSION } from '../../store-format/index.js';
import { capture } from '../capture/capture.js';
import type { CaptureSource } from '../capture/read-source.js';
import { openContents } from '../contents/open-contents.js';
import { readRange } from '../contents/read-range.js';
import { changeConfig, requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { listSettings, parseSetting } from '../engine/settings.js';
import type {
  CaptureOptions,
  CaptureResult,
  DiffResult,
  Image,
  ImageFilter,
  ImageReader,
  OperationOptions,
  RebuildResult,
  RestoreOptions,
  RestoreResult,
  Setting,
  Store,
  StoreInfo,
  StoreStats,
  Usage,
  VerifyResult,
} from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { diff } from '../report/diff.js';
import { stats } from '../report/stats.js';
import { usage } from '../report/usage.js';
import { restore } from '../restore/restore.js';
import { verify } from '../verify/verify.js';
import { rebuildIndex } from './rebuild-index.js';

export class FolderBackedStore implements Store {
  readonly info: StoreInfo;

  constructor(
    private readonly engine: Engine,
    private readonly indexFolder: string,
  ) {
    this.info = storeInfo(engine.objects, engine.config);
  }

  capture(source: CaptureSource, name: string, options: CaptureOptions = {}): Promise<CaptureResult> {
    return capture(this.engine, source, name, options);
  }

  restore(
    reference: string,
    target: string | NodeJS.WritableStream,
    options: RestoreOptions = {},
  ): Promise<RestoreResult> {
    return restore(this.engine, reference, target, options);
  }

  images(filter: ImageFilter = {}): Promise<readonly Image[]> {
    return this.engine.library.list(filter);
  }

  image(reference: string): Promise<Image> {
    return this.engine.library.resolve(reference);
  }

  async openImage(reference: string): Promise<ImageReader> {
    const open = await openContents(this.engine, [reference], {});
    const { image, contents } = open.images[0]!;
    return {
      image,
      size: contents.size,
      read: (offset, length) => {
        if (!(offset >= 0 && length >= 0)) throw new TypeError('offset and length must not be negative');
        return readRange(this.engine, open.catalog, contents, offset, length);
      },
      close: () => open.release(),
    };
  }

  diff(a: string, b: string, options: OperationOptions = {}): Promise<DiffResult> {
    return diff(this.engine, a, b, options);
  }

  usage(reference: string, options: OperationOptions = {}): Promise<Usage> {
    return usage(this.engine, reference, options);
  }

  stats(options: OperationOptions = {}): Promise<StoreStats> {
    return stats(this.engine, options);
  }

  verify(references: readonly string[] = [], options: OperationOptions = {}): Promise<VerifyResult> {
    return verify(this.engine, references, options);
  }

  rebuildIndex(options: OperationOptions = {}): Promise<RebuildResult> {
    return rebuildIndex(this.engine, this.indexFolder, options);
  }

  tag(reference: string, tag: string): Promise<Image> {
    return this.#writing(() => this.engine.library.tag(reference, tag));
  }

  untag(reference: string): Promise<Image> {
    return this.#writing(() => this.engine.library.untag(reference));
  }

  label(reference: string, labels: Readonly<Record<string, string | null>>): Promise<Image> {
    return this.#writing(() => this.engine.library.label(reference, labels));
  }

  protect(reference: string): Promise<Image> {
    return this.#writing(() => this.engine.library.setProtection(reference, true));
  }

  unprotect(reference: string): Promise<Image> {
    return this.#writing(() => this.engine.library.setProtection(reference, false));
  }

  remove(reference: string): Promise<Image> {
    return this.#writing(() => this.engine.library.remove(reference));
  }

  undelete(reference: string): Promise<Image> {
    return this.#writing(() => this.engine.library.undelete(reference));
  }

  async settings(): Promise<readonly Setting[]> {
    return listSettings(this.engine.config);
  }

  async changeSetting(name: string, value: string): Promise<Setting> {
    const parsed = parseSetting(name, value);
    this.engine.config = await this.#writing(() =>
      changeConfig(this.engine.objects, (config) => ({
        ...config,
        settings: { ...config.settings, [parsed.name]: parsed.value },
      })),
    );
    return listSettings(this.engine.config).find((setting) => setting.name === parsed.name)!;
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  async #writing<T>(change: () => Promise<T>): Promise<T> {
    requireWritable(this.engine);
    return change();
  }
}

export function storeInfo(objects: ObjectStore, config: Config): StoreInfo {
  return {
    id: config.storeId,
    location: objects.location,
    format: `0.${FORMAT_VERSION}`,
    created: new Date(config.createdMs),
    readOnly: objects.readOnly,
    hash: config.hash,
    chunker: config.chunker,
    features: config.features,
  };
}
