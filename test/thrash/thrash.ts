/** `npm run test:thrash`: real processes on a real folder, killed and stopped at random moments; no image may be lost. */
import { parseThrashOptions, USAGE } from './options.js';
import { runThrash, summaryOf } from './run-thrash.js';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const say = (line: string) => process.stderr.write(`${line}\n`);

try {
  const options = parseThrashOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else {
    say(`Seed ${options.seed}`);
    const result = await runThrash(options, say);
    for (const [warning, times] of result.warnings) say(`  ${times} times: ${warning}`);
    for (const problem of result.problems) say(`PROBLEM: ${problem}`);
    if (result.problems.length > 0)
      say(
        `Failed with seed ${options.seed}; the store is ${result.store}${result.keys === undefined ? '' : `, its keys are in ${result.keys}`}`,
      );
    process.stdout.write(`${summaryOf(result)}\n`);
    if (result.problems.length + result.lost > 0) process.exitCode = 1;
  }
} catch (error) {
  say(error instanceof TypeError ? `${error.message}\n${USAGE}` : String(error));
  process.exitCode = 1;
}
