/**
 * A disk that answers no request: Ctrl-C ends the process all the same, after some patience or by a second one. A pipe that
 * nobody writes to stands for the disk: opening it keeps a thread as a dead disk does, and `process.exit` waits for that.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { finished } from '../cli/run-doppel.js';
import { folderFor, tool } from '../support/machine.js';

const INTERRUPTION = new URL('../../dist/cli/interruption.js', import.meta.url).href;

/** An operation that waits for its disk and heeds no signal meanwhile. */
const hangingOperation = (pipe: string) => `
  import { open } from 'node:fs/promises';
  import { Interruption } from ${JSON.stringify(INTERRUPTION)};
  const interruption = new Interruption({
    onStopping: () => console.log('stopping'),
    onImpatience: () => console.log('impatient'),
    onExit: () => console.log('ending'),
  });
  interruption.signalForOperation();
  open(${JSON.stringify(pipe)}, 'r');
  console.log('waiting');
`;

for (const [title, signals, told] of [
  ['a second Ctrl-C ends it', 2, 'waiting\nstopping\nending\n'],
  ['one Ctrl-C ends it when patience is over', 1, 'waiting\nstopping\nimpatient\nending\n'],
] as const) {
  test(title, async (t) => {
    const pipe = join(folderFor(t), 'pipe');
    if (!tool(t, 'mkfifo', pipe)) return;
    const words = ['--input-type=module', '--eval', hangingOperation(pipe)];
    const child = spawn(process.execPath, words);
    t.teardown(() => void child.kill('SIGKILL'));
    const run = finished(child);
    for (let sent = 0; sent < signals; sent++) {
      await once(child.stdout, 'data');
      child.kill('SIGINT');
    }
    const { signal, stdout } = await run;
    t.is(signal, 'SIGINT', 'which shells tell as 130');
    t.is(stdout, told);
  });
}
