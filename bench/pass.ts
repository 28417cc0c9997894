/**
 * One tool, one workload, once, in a folder of its own: every step of the main job is warmed up, timed and, where it gives
 * bytes back, checked. A tool that gives back other bytes ends the bench: its times mean nothing.
 */
import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { firstDifference } from './compare-files.js';
import { type Measured, measure } from './measure.js';
import {
  type Command,
  filesBelow,
  measureStore,
  type OpenTool,
  type SourceImage,
  type StoreSize,
  type Tool,
} from './tool.js';
import { sync, warmUp } from './warm-up.js';

const GIB = 2 ** 30;

/** The groups that tables sum up, in this order. */
export const GROUPS = [
  'capture, cold',
  'capture the others',
  'capture again',
  'restore',
  'in place',
  'verify',
  'scrub',
  'drop and reclaim',
] as const;
/** How many of the images are dropped: half of six. */
const DROPPED_IMAGES = 3;
export type Group = (typeof GROUPS)[number];

export interface StepResult extends Measured {
  readonly group: Group;
  readonly image?: string;
  /** Data that went through: of a verify, the data of all images; of a drop, what was freed. */
  readonly dataBytes: number;
  /** What `sync` took afterwards: how much was left in memory. */
  readonly syncSeconds: number;
  /** After a capture. */
  readonly store?: StoreSize;
  /** Of a drop: what the files of the store are smaller by, the index not counted. */
  readonly freedBytes?: number;
}

export interface NotMeasured {
  readonly group: Group;
  readonly why: string;
}

export interface PassResult {
  readonly tool: string;
  readonly steps: readonly StepResult[];
  /** Steps that this tool cannot do. */
  readonly notMeasured: readonly NotMeasured[];
}

export type OnStep = (tool: string, step: StepResult) => void;

export async function runPass(
  open: OpenTool,
  images: readonly SourceImage[],
  folder: string,
  onStep: OnStep,
): Promise<PassResult> {
  await mkdir(folder);
  const pass = new Pass(open(folder), folder, onStep);
  try {
    await pass.run(images);
    return { tool: pass.tool.name, steps: pass.steps, notMeasured: pass.notMeasured };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Pass {
  readonly steps: StepResult[] = [];
  readonly notMeasured: NotMeasured[] = [];

  constructor(
    readonly tool: Tool,
    private readonly folder: string,
    private readonly onStep: OnStep,
  ) {}

  async run(images: readonly SourceImage[]): Promise<void> {
    const [first, ...others] = images;
    for (const command of this.tool.init) await measure(command);
    await this.#capture('capture, cold', first!, first!.name);
    for (const image of others) await this.#capture('capture the others', image, image.name);
    const again = `${first!.name}-again`;
    await this.#capture('capture again', first!, again);
    await this.#restoreImages(images);
    const names = images.map(({ name }) => name);
    await this.#check('verify', images, this.tool.verify(names));
    await this.#check('scrub', images, this.tool.scrub ?? this.tool.verify(names));
    await this.#reclaim(images, again);
  }

  async #capture(group: Group, image: SourceImage, name: string): Promise<void> {
    const needs = { files: [image.path], memoryBytes: image.sizeBytes + GIB };
    const measured = await this.#timed([this.tool.capture(image, name)], needs);
    const store = await measureStore(this.tool);
    this.#tell({ group, image: image.name, dataBytes: image.dataBytes, ...measured, store });
  }

  /** The first, the second and the last image; what was restored first becomes the second image in place. */
  async #restoreImages(images: readonly SourceImage[]): Promise<void> {
    const [first, second] = images;
    for (const image of new Set([first!, second ?? first!, images.at(-1)!])) {
      const folder = join(this.folder, 'restored');
      await mkdir(folder);
      const file = await this.#restore(image, folder);
      if (image === first && second !== undefined) await this.#updateInPlace(first, second, file);
      await rm(folder, { recursive: true });
    }
  }

  async #restore(image: SourceImage, folder: string): Promise<string> {
    const { command, file } = this.tool.restore(image, image.name, folder);
    const files = await filesBelow(this.tool.storeFolder);
    const measured = await this.#timed([command], { files, memoryBytes: image.sizeBytes + GIB });
    await this.#compare(image, file);
    this.#tell({ group: 'restore', image: image.name, dataBytes: image.dataBytes, ...measured });
    return file;
  }

  /** @param restored a file with the bytes of `from`, which is used up */
  async #updateInPlace(from: SourceImage, to: SourceImage, restored: string): Promise<void> {
    const { inPlace } = this.tool;
    if ('whyNot' in inPlace) {
      this.notMeasured.push({ group: 'in place', why: inPlace.whyNot });
      return;
    }
    const folder = join(this.folder, 'updated');
    await mkdir(folder);
    const { command, file } = inPlace.update(to, to.name, folder);
    await rename(restored, file);
    const now = new Date(); // a disk that was in use: nobody may conclude from its time what is in it
    await utimes(file, now, now);
    const files = [...(await filesBelow(this.tool.storeFolder)), file];
    const measured = await this.#timed([command], { files, memoryBytes: to.sizeBytes + GIB });
    await this.#compare(to, file);
    await rm(folder, { recursive: true });
    const image = `${from.name} to ${to.name}`;
    this.#tell({ group: 'in place', image, dataBytes: to.dataBytes, ...measured });
  }

  async #compare(image: SourceImage, file: string): Promise<void> {
    const difference = await firstDifference(image.path, file);
    if (difference === undefined) return;
    throw new Error(`${this.tool.name} gave back ${image.name} with another byte at ${difference}`);
  }

  async #check(
    group: 'verify' | 'scrub',
    images: readonly SourceImage[],
    commands: readonly Command[],
  ): Promise<void> {
    const files = await filesBelow(this.tool.storeFolder);
    const measured = await this.#timed(commands, { files, memoryBytes: GIB });
    const dataBytes = images.reduce((sum, image) => sum + image.dataBytes, 0);
    this.#tell({ group, dataBytes, ...measured });
  }

  /** The last images are dropped. The first was captured again under a name that stays: it still comes back. */
  async #reclaim(images: readonly SourceImage[], again: string): Promise<void> {
    const { reclaim } = this.tool;
    if ('whyNot' in reclaim) {
      this.notMeasured.push({ group: 'drop and reclaim', why: reclaim.whyNot });
      return;
    }
    const names = images.map(({ name }) => name);
    const dropped = names.slice(-DROPPED_IMAGES);
    const kept = [...names.slice(0, -DROPPED_IMAGES), again];
    const before = await measureStore(this.tool);
    const commands = await reclaim.commands(dropped, kept);
    const files = await filesBelow(this.tool.storeFolder);
    const measured = await this.#timed(commands, { files, memoryBytes: GIB });
    const freedBytes = before.storedBytes - (await measureStore(this.tool)).storedBytes;
    this.#tell({ group: 'drop and reclaim', dataBytes: freedBytes, freedBytes, ...measured });
    await this.#restoreUnmeasured(images[0]!, again);
  }

  async #restoreUnmeasured(image: SourceImage, name: string): Promise<void> {
    const folder = join(this.folder, 'kept');
    await mkdir(folder);
    const { command, file } = this.tool.restore(image, name, folder);
    await measure(command);
    await this.#compare(image, file);
    await rm(folder, { recursive: true });
  }

  async #timed(commands: readonly Command[], needs: Parameters<typeof warmUp>[0]) {
    await warmUp(needs);
    const total = { wallSeconds: 0, cpuSeconds: 0, peakBytes: 0 };
    for (const command of commands) {
      const measured = await measure(command);
      total.wallSeconds += measured.wallSeconds;
      total.cpuSeconds += measured.cpuSeconds;
      total.peakBytes = Math.max(total.peakBytes, measured.peakBytes);
    }
    const start = performance.now();
    await sync();
    return { ...total, syncSeconds: (performance.now() - start) / 1000 };
  }

  #tell(step: StepResult): void {
    this.steps.push(step);
    this.onStep(this.tool.name, step);
  }
}
