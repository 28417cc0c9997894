/** What the programs of the bench have in common: results alone go to standard output, failures end with exit code 1. */
export function say(line: string): void {
  console.error(line);
}

/** @param run throws TypeError for options that cannot be */
export async function runProgram(usage: string, run: () => Promise<'help' | 'done'>): Promise<void> {
  try {
    if ((await run()) === 'help') console.log(usage);
  } catch (error) {
    say(`The bench failed: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof TypeError) say(usage);
    process.exitCode = 1;
  }
}
