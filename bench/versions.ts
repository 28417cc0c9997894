/** `npm run bench:versions`: how long gc takes to mark, and in how much memory, when an image has many versions. */
import { writeFile } from 'node:fs/promises';
import { describeMachine } from './machine.js';
import { runProgram, say } from './run-program.js';
import { makeScratch } from './scratch.js';
import { parseVersionsOptions, USAGE } from './versions/options.js';
import { renderVersions } from './versions/render-versions.js';
import { runVersions } from './versions/run-versions.js';

await runProgram(USAGE, async () => {
  const options = parseVersionsOptions(process.argv.slice(2));
  if (options === undefined) return 'help';
  const scratch = await makeScratch(options.scratch, 'doppel-versions-');
  const steps = await runVersions({ ...options, scratch }, say);
  const machine = await describeMachine(new Date());
  console.log(renderVersions(machine, steps));
  if (options.json !== undefined)
    await writeFile(options.json, `${JSON.stringify({ machine, steps }, undefined, 2)}\n`);
  return 'done';
});
