/**
 * Rounds of all stages of one image. Each round: [1] the stages of a cold capture into a store of its own, [2] the command
 * as a whole on one thread, [3] look-ups and the stages of a restore in the store that it made, [4] its restore.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { firstDifference } from '../compare-files.js';
import { type Measured, measure } from '../measure.js';
import type { SourceImage } from '../tool.js';
import { warmUp } from '../warm-up.js';
import { runCaptureStages } from './capture-stages.js';
import { runLookUpStages } from './look-up-stages.js';
import { runRestoreStages } from './restore-stages.js';
import { StageMeter } from './stage-meter.js';
import { createStageStore, openStageStore, type StageStore } from './stage-store.js';

const GIB = 2 ** 30;

export interface Round {
  readonly meter: StageMeter;
  /** `doppel --threads 1`, from outside. */
  readonly captureCommand: Measured;
  readonly restoreCommand: Measured;
  readonly newBytes: number;
  readonly storedBytes: number;
}

export interface RoundSettings {
  readonly image: SourceImage;
  /** The main.js of doppel. */
  readonly program: string;
  /** Does not exist yet, and is removed again. */
  readonly folder: string;
  /** Gets the bytes that were new, if it is given. */
  readonly newBytesFile?: string;
}

export async function runRound(settings: RoundSettings): Promise<Round> {
  const { image, program, folder, newBytesFile } = settings;
  const meter = new StageMeter();
  await mkdir(folder);
  try {
    await warmUp({ files: [image.path], memoryBytes: image.sizeBytes + GIB });
    const trace = await inStore(createStageStore(join(folder, 'stages')), (store) =>
      captureInto(store, image, meter, newBytesFile),
    ); // [1]
    await rm(join(folder, 'stages'), { recursive: true });

    const storeFolder = join(folder, 'store'); // [2]
    const doppel = (...words: string[]) => ({
      program: process.execPath,
      args: [program, '--store', storeFolder, '--quiet', '--threads', '1', ...words],
    });
    await measure(doppel('init'));
    await warmUp({ files: [image.path], memoryBytes: image.sizeBytes + GIB });
    const captureCommand = await measure(doppel('capture', image.path, 'image'));

    const target = join(folder, 'restored.raw'); // [3]
    await inStore(openStageStore(storeFolder), async (store) => {
      await runLookUpStages(trace.segments, store, meter);
      await warmUp({ files: [], memoryBytes: image.sizeBytes + GIB });
      await runRestoreStages(trace.segments, store, { path: target, sizeBytes: image.sizeBytes }, meter);
    });
    await checkRestored(image, target);

    await warmUp({ files: [], memoryBytes: image.sizeBytes + GIB }); // [4]
    const restoreCommand = await measure(doppel('restore', 'image', target));
    await checkRestored(image, target);
    return {
      meter,
      captureCommand,
      restoreCommand,
      newBytes: trace.newBytes,
      storedBytes: trace.storedBytes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inStore<Result>(
  opening: Promise<StageStore>,
  work: (store: StageStore) => Promise<Result>,
): Promise<Result> {
  const store = await opening;
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function captureInto(
  store: StageStore,
  image: SourceImage,
  meter: StageMeter,
  newBytesFile: string | undefined,
) {
  if (newBytesFile === undefined) return runCaptureStages(image, store, meter, () => undefined);
  const fd = openSync(newBytesFile, 'wx');
  try {
    return await runCaptureStages(image, store, meter, (plain) => {
      for (let done = 0; done < plain.length; ) done += writeSync(fd, plain, done);
    });
  } finally {
    closeSync(fd);
  }
}

/** Stages that leave out a part of the work would look fast. */
async function checkRestored(image: SourceImage, file: string): Promise<void> {
  const difference = await firstDifference(image.path, file);
  await rm(file);
  if (difference !== undefined) throw new Error(`Restored with another byte at ${difference}`);
}
