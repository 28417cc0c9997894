/**
 * The library's front: one method per operation, each a call into the room that does it. Rooms are loaded when they are
 * called: listing images needs none of them, and should be as quick as it can be.
 */
import type { CaptureSource } from '../capture/read-source.js';
import { changeConfig, requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { listSettings, parseSetting } from '../engine/settings.js';
import { storeInfo } from '../engine/store-info.js';
import type {
  BrokenLease,
  CaptureOptions,
  CaptureResult,
  CopyOptions,
  CopyResult,
  DiffResult,
  DoctorReport,
  GcOptions,
  GcResult,
  Image,
  ImageFilter,
  ImageReader,
  MaintainOptions,
  MaintainResult,
  OpenOtherOptions,
  OperationOptions,
  PruneOptions,
  PruneResult,
  RebuildResult,
  RestoreOptions,
  RestoreResult,
  RetentionPolicy,
  ScrubOptions,
  ScrubResult,
  Setting,
  Store,
  StoredPolicy,
  StoreInfo,
  StoreKeys,
  StoreStats,
  Usage,
  VerifyResult,
} from '../interface.js';
import { requireFullAccess } from '../objects/key-forbids.js';

export class FolderBackedStore implements Store {
  readonly info: StoreInfo;

  constructor(
    private readonly engine: Engine,
    private readonly indexFolder: string,
    /** Opens another store with the same workers and warnings. */
    private readonly openOther: (location: string, options?: OpenOtherOptions) => Promise<Engine>,
    readonly keys: StoreKeys | undefined,
  ) {
    this.info = storeInfo(engine.objects, engine.config);
  }

  async capture(source: CaptureSource, name: string, options: CaptureOptions = {}): Promise<CaptureResult> {
    this.engine.workers.prepare();
    const { capture } = await import('../capture/capture.js');
    return capture(this.engine, source, name, options);
  }

  async restore(
    reference: string,
    target: string | NodeJS.WritableStream,
    options: RestoreOptions = {},
  ): Promise<RestoreResult> {
    requireFullAccess(this.engine.objects);
    this.engine.workers.prepare();
    const { restore } = await import('../restore/restore.js');
    return restore(this.engine, reference, target, options);
  }

  async copy(
    references: readonly string[],
    target: string | Store,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    this.engine.workers.prepare();
    const { copy } = await import('../copy/copy.js');
    if (typeof target !== 'string') {
      if (target instanceof FolderBackedStore) return copy(this.engine, target.engine, references, options);
      throw new TypeError('The target is a folder, or a store that openStore has opened');
    }
    const other = await this.openOther(target, options.openTarget);
    try {
      return await copy(this.engine, other, references, options);
    } finally {
      await other.close();
    }
  }

  images(filter: ImageFilter = {}): Promise<readonly Image[]> {
    return this.engine.library.list(filter);
  }

  image(reference: string): Promise<Image> {
    return this.engine.library.resolve(reference);
  }

  async openImage(reference: string): Promise<ImageReader> {
    const { openContents } = await import('../contents/open-contents.js');
    const { readRange } = await import('../contents/read-range.js');
    const open = await openContents(this.engine, [reference], {});
    const { image, contents } = open.images[0]!;
    return {
      image,
      size: contents.size,
      read: async (offset, length) => {
        if (!(offset >= 0 && length >= 0)) throw new TypeError('offset and length must not be negative');
        await open.renew();
        return readRange(this.engine, open.catalog, contents, offset, length);
      },
      close: () => open.release(),
    };
  }

  async diff(a: string, b: string, options: OperationOptions = {}): Promise<DiffResult> {
    const { diff } = await import('../report/diff.js');
    return diff(this.engine, a, b, options);
  }

  async usage(reference: string, options: OperationOptions = {}): Promise<Usage> {
    const { usage } = await import('../report/usage.js');
    return usage(this.engine, reference, options);
  }

  async stats(options: OperationOptions = {}): Promise<StoreStats> {
    const { stats } = await import('../report/stats.js');
    return stats(this.engine, options);
  }

  async verify(references: readonly string[] = [], options: OperationOptions = {}): Promise<VerifyResult> {
    requireFullAccess(this.engine.objects);
    this.engine.workers.prepare();
    const { verify } = await import('../verify/verify.js');
    return verify(this.engine, references, options);
  }

  async rebuildIndex(options: OperationOptions = {}): Promise<RebuildResult> {
    const { rebuildIndex } = await import('./rebuild-index.js');
    return rebuildIndex(this.engine, this.indexFolder, options);
  }

  async gc(options: GcOptions = {}): Promise<GcResult> {
    requireFullAccess(this.engine.objects);
    const { gc } = await import('../gc/gc.js');
    return gc(this.engine, options);
  }

  async scrub(options: ScrubOptions = {}): Promise<ScrubResult> {
    const { from, openFrom, repair, dryRun } = options;
    if (from !== undefined && repair !== true) throw new TypeError('from goes with repair');
    if (dryRun && repair) throw new TypeError('dryRun does not go with repair');
    requireFullAccess(this.engine.objects);
    if (!dryRun) this.engine.workers.prepare();
    const { scrub } = await import('../scrub/scrub.js');
    return scrub(this.engine, options, from === undefined ? undefined : () => this.openOther(from, openFrom));
  }

  async maintain(options: MaintainOptions = {}): Promise<MaintainResult> {
    requireFullAccess(this.engine.objects);
    this.engine.workers.prepare();
    const { maintain } = await import('./maintain.js');
    return maintain(this.engine, options);
  }

  async doctor(): Promise<DoctorReport> {
    requireFullAccess(this.engine.objects);
    const { doctor } = await import('../report/doctor.js');
    return doctor(this.engine);
  }

  breakLease(lease: string): Promise<BrokenLease> {
    return this.#writing(async () => {
      const { breakNamedLease } = await import('../report/break-named-lease.js');
      return breakNamedLease(this.engine, lease);
    });
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

  async prune(options: PruneOptions = {}): Promise<PruneResult> {
    const { prune } = await import('../prune/prune.js');
    return prune(this.engine, options);
  }

  async policies(): Promise<readonly StoredPolicy[]> {
    const { readPolicies } = await import('../prune/policy-records.js');
    return readPolicies(this.engine);
  }

  async policy(nameOrPattern: string): Promise<StoredPolicy> {
    const { readPolicy } = await import('../prune/policy-records.js');
    return readPolicy(this.engine, nameOrPattern);
  }

  setPolicy(pattern: string, policy: RetentionPolicy): Promise<StoredPolicy> {
    return this.#writing(async () => {
      const { setPolicy } = await import('../prune/policy-records.js');
      return setPolicy(this.engine, pattern, policy);
    });
  }

  removePolicy(pattern: string): Promise<StoredPolicy> {
    return this.#writing(async () => {
      const { removePolicy } = await import('../prune/policy-records.js');
      return removePolicy(this.engine, pattern);
    });
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
