/**
 * `npm run bench`: measures the main job of doppel, and of other tools if asked, on seeded images or on those of a folder.
 *
 *   [1] images   [2] which tools are here   [3] runs × (floors, tools × steps)   [4] medians, tables, JSON
 *
 * All runs of all tools happen in one process, in turn, so that a machine that changes its pace in between hits all alike;
 * the floors (what `zstd` or `cat` alone need for the first image) are taken in each run as well.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { doppelFamily } from './doppel.js';
import { type Floor, type FloorResult, installedFloors, measureFloor } from './floors/floor.js';
import { imageFloors } from './floors/image-floors.js';
import { type InstalledTool, installedTools } from './installed-tools.js';
import { describeMachine } from './machine.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { type PassResult, runPass, type StepResult } from './pass.js';
import { PEERS } from './peers/index.js';
import { renderReport } from './report.js';
import { runProgram, say } from './run-program.js';
import { makeScratch } from './scratch.js';
import { summarize, summarizeFloors } from './summary.js';
import type { SourceImage } from './tool.js';
import { openImages } from './workloads/corpus.js';

async function bench(options: BenchOptions, scratch: string): Promise<void> {
  say('Preparing the images ...'); // [1]
  const images = await openImages(options, scratch);

  const peers = PEERS.filter(({ name }) => options.peers || options.programs.has(name)); // [2]
  const families = [doppelFamily(options.program, options.keys), ...peers];
  const tools = await installedTools(families, options.programs, scratch, say);
  const floors = await installedFloors(imageFloors(images[0]!), say);

  const passes: PassResult[] = []; // [3]
  const floorRuns: (readonly FloorResult[])[] = [];
  for (let run = 1; run <= options.runs; run++) {
    const count = `Run ${run} of ${options.runs}`;
    floorRuns.push(await runFloors(count, floors, scratch));
    for (const { name, open } of tools) {
      say(`${count}: ${name}`);
      passes.push(await runPass(open, images, join(scratch, 'pass'), sayStep));
    }
  }
  await tell(options, { images, tools, passes, floorRuns }); // [4]
}

async function runFloors(count: string, floors: readonly Floor[], scratch: string) {
  say(`${count}: floors`);
  const results: FloorResult[] = [];
  for (const floor of floors) {
    const result = await measureFloor(floor, join(scratch, 'floor'));
    say(`  ${result.name}: ${result.wallSeconds.toFixed(1)} s, CPU ${result.cpuSeconds.toFixed(1)} s`);
    results.push(result);
  }
  return results;
}

interface Results {
  readonly images: readonly SourceImage[];
  readonly tools: readonly InstalledTool[];
  readonly passes: readonly PassResult[];
  readonly floorRuns: readonly (readonly FloorResult[])[];
}

async function tell({ runs, json }: BenchOptions, { images, tools, passes, floorRuns }: Results) {
  const machine = await describeMachine(new Date());
  const ofTool = (tool: string) => passes.filter((pass) => pass.tool === tool);
  const described = tools.map(({ name, version, settings }) => ({ name, version, settings }));
  const report = renderReport({
    machine,
    runs,
    tools: described,
    images,
    summaries: tools.map(({ name }) => summarize(ofTool(name))),
    notMeasured: tools.flatMap(({ name: tool }) =>
      (ofTool(tool)[0]?.notMeasured ?? []).map((one) => ({ tool, ...one })),
    ),
    floors: summarizeFloors(floorRuns, 'median'),
  });
  console.log(report);
  if (json === undefined) return;
  const document = { machine, runs, tools: described, images, passes, floors: floorRuns };
  await writeFile(json, `${JSON.stringify(document, undefined, 2)}\n`);
}

function sayStep(_tool: string, { group, image, wallSeconds, cpuSeconds, peakBytes }: StepResult): void {
  const what = image === undefined ? group : `${group}: ${image}`;
  const peak = Math.round(peakBytes / 2 ** 20);
  say(`  ${what}: ${wallSeconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s, ${peak} MiB`);
}

await runProgram(USAGE, async () => {
  const options = parseOptions(
    process.argv.slice(2),
    PEERS.map(({ name }) => name),
  );
  if (options === undefined) return 'help';
  await bench(options, await makeScratch(options.scratch, 'doppel-bench-'));
  return 'done';
});
