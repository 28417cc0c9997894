/**
 * `npm run bench`: measures the main job of doppel, and of other tools if asked, on seeded images or on those of a folder.
 *
 *   [1] images   [2] which tools are here   [3] runs × tools × steps   [4] medians, tables, JSON
 *
 * All runs of all tools happen in one process, in turn, so that a machine that changes its pace in between hits all alike.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDoppel } from './doppel.js';
import { describeMachine } from './machine.js';
import { output } from './measure.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { type PassResult, runPass, type StepResult } from './pass.js';
import { PEERS } from './peers/index.js';
import { renderReport, type ToolDescription } from './report.js';
import { makeScratch } from './scratch.js';
import { summarize } from './summary.js';
import type { OpenTool } from './tool.js';
import { openCorpus } from './workloads/corpus.js';
import { makeSynthetic } from './workloads/synthetic.js';

interface InstalledTool extends ToolDescription {
  readonly open: OpenTool;
}

async function bench(options: BenchOptions, scratch: string): Promise<void> {
  say('Preparing the images ...'); // [1]
  const images = options.corpus
    ? await openCorpus(options.corpus)
    : await makeSynthetic(scratch, options.sizeBytes);

  const tools = await installed([openDoppel(options.program), ...(options.peers ? PEERS : [])], scratch); // [2]

  const passes: PassResult[] = []; // [3]
  for (let run = 1; run <= options.runs; run++) {
    for (const { name, open } of tools) {
      say(`Run ${run} of ${options.runs}: ${name}`);
      passes.push(await runPass(open, images, join(scratch, 'pass'), sayStep));
    }
  }

  const machine = await describeMachine(new Date()); // [4]
  const summaries = tools.map(({ name }) => summarize(passes.filter(({ tool }) => tool === name)));
  const described = tools.map(({ name, version, settings }) => ({ name, version, settings }));
  console.log(renderReport({ machine, runs: options.runs, tools: described, images, summaries }));
  if (options.json === undefined) return;
  const document = { machine, runs: options.runs, tools: described, images, passes };
  await writeFile(options.json, `${JSON.stringify(document, undefined, 2)}\n`);
}

async function installed(tools: readonly OpenTool[], scratch: string): Promise<readonly InstalledTool[]> {
  const found: InstalledTool[] = [];
  for (const open of tools) {
    const { name, settings, version } = open(scratch);
    const printed = await output(version).catch(() => undefined);
    if (printed === undefined) say(`NOT MEASURED: ${name} is not installed`);
    else found.push({ name, settings, version: /\d+(\.\d+)*/.exec(printed)?.[0] ?? printed, open });
  }
  return found;
}

function sayStep(_tool: string, { group, image, wallSeconds, cpuSeconds, peakBytes }: StepResult): void {
  const what = image === undefined ? group : `${group}: ${image}`;
  const peak = Math.round(peakBytes / 2 ** 20);
  say(`  ${what}: ${wallSeconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s, ${peak} MiB`);
}

/** Results alone go to standard output. */
function say(line: string): void {
  console.error(line);
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
  } else {
    const scratch = await makeScratch(options.scratch, 'doppel-bench-');
    await bench(options, scratch);
  }
} catch (error) {
  say(`The bench failed: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof TypeError) say(USAGE);
  process.exitCode = 1;
}
