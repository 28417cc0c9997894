/**
 * `npm run bench:stages`: what each stage of a capture and of a restore costs on one thread, and beside it what the plainest
 * program needs for the same, measured in the same run.
 *
 *   [1] the image   [2] rounds: stages, and doppel's commands as a whole   [3] floors, as often   [4] tables, JSON
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FloorResult, installedFloors, measureFloor } from './floors/floor.js';
import { imageFloors } from './floors/image-floors.js';
import { newBytesFloors } from './floors/new-bytes-floors.js';
import { describeMachine } from './machine.js';
import { runProgram, say } from './run-program.js';
import { makeScratch } from './scratch.js';
import { parseOptions, type StagesOptions, USAGE } from './stages/options.js';
import { CAPTURE_STAGES, RESTORE_STAGES, type Stage } from './stages/stage-meter.js';
import { renderStages, type StageResults } from './stages/stage-report.js';
import { type Round, runRound } from './stages/stage-rounds.js';
import { summarizeFloors } from './summary.js';
import type { SourceImage } from './tool.js';
import { openImages } from './workloads/corpus.js';

async function benchStages(options: StagesOptions, scratch: string): Promise<void> {
  say('Preparing the image ...'); // [1]
  const images = await openImages(options, scratch);
  const image = images.find(({ name }) => options.image === undefined || name === options.image);
  if (image === undefined) throw new Error(`There is no image ${options.image}`);

  const newBytesFile = join(scratch, 'new-bytes'); // [2]
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    say(`Round ${round} of ${options.rounds}: ${image.name}`);
    const settings = { image, program: options.program, folder: join(scratch, 'round') };
    rounds.push(await runRound(round === 1 ? { ...settings, newBytesFile } : settings));
  }
  const floors = await runFloors(image, newBytesFile, options.rounds, scratch); // [3]

  const machine = await describeMachine(new Date()); // [4]
  const results = { machine, rounds: rounds.length, image, ...leastOf(rounds), floors };
  console.log(renderStages(results));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
}

async function runFloors(image: SourceImage, newBytesFile: string, rounds: number, scratch: string) {
  const node = {
    name: 'node -e 0',
    command: () => ({ program: process.execPath, args: ['-e', '0'] }),
    files: [],
    memoryBytes: 0,
    dataBytes: 0,
  };
  const floors = [
    ...(await installedFloors([...imageFloors(image), node], say)),
    ...(await newBytesFloors(newBytesFile, say)),
  ];
  const results: FloorResult[][] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`Floors, round ${round} of ${rounds}`);
    const measured: FloorResult[] = [];
    for (const floor of floors) measured.push(await measureFloor(floor, join(scratch, 'floor')));
    results.push(measured);
  }
  return summarizeFloors(results, 'least');
}

/** Whatever else runs can only add. */
function leastOf(rounds: readonly Round[]): Omit<StageResults, 'machine' | 'rounds' | 'image' | 'floors'> {
  const least = (of: (round: Round) => number) => Math.min(...rounds.map(of));
  const stages = [...CAPTURE_STAGES, ...RESTORE_STAGES].map(
    (stage) => [stage, least(({ meter }) => meter.seconds(stage))] as const,
  );
  return {
    newBytes: rounds[0]!.newBytes,
    storedBytes: rounds[0]!.storedBytes,
    stages: Object.fromEntries(stages) as Record<Stage, number>,
    captureCommand: least(({ captureCommand }) => captureCommand.cpuSeconds),
    restoreCommand: least(({ restoreCommand }) => restoreCommand.cpuSeconds),
  };
}

await runProgram(USAGE, async () => {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return 'help';
  await benchStages(options, await makeScratch(options.scratch, 'doppel-stages-'));
  return 'done';
});
