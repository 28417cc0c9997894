/** `npm run bench:large`: makes a store of millions of tiny chunks, and measures how it opens, finds, grows and mends. */
import { writeFile } from 'node:fs/promises';
import { parseLargeOptions, USAGE } from './large/options.js';
import { renderLarge } from './large/render-large.js';
import { runLarge } from './large/run-large.js';
import { describeMachine } from './machine.js';
import { makeScratch } from './scratch.js';

try {
  const options = parseLargeOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
  } else {
    const scratch = await makeScratch(options.scratch, 'doppel-large-');
    const result = await runLarge({ ...options, scratch }, (line) => console.error(line));
    const machine = await describeMachine(new Date());
    console.log(renderLarge(machine, result));
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify({ machine, ...result }, undefined, 2)}\n`);
  }
} catch (error) {
  console.error(`The bench failed: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof TypeError) console.error(USAGE);
  process.exitCode = 1;
}
