/** A pseudo terminal for programs that behave differently on one: python3 holds its other end. */
import { spawn, spawnSync } from 'node:child_process';
import { environment, finished } from './run-doppel.js';

/** Wait until the output since the last step matches, then type. */
export interface Step {
  readonly expect: string;
  readonly type: string;
}

export interface TerminalRun {
  readonly output: string;
  readonly code: number;
  readonly complaint: string | null;
}

const DRIVER = `
import codecs, json, os, pty, re, select, sys, time
plan = json.load(sys.stdin)
pid, fd = pty.fork()
if pid == 0:
    os.chdir(plan['cwd'])
    os.execvpe(plan['argv'][0], plan['argv'], plan['env'])
seen, mark, complaint = '', 0, None
decoder = codecs.getincrementaldecoder('utf8')('replace')
deadline = time.time() + plan['timeoutSeconds']
def pump(seconds):
    global seen
    if not select.select([fd], [], [], seconds)[0]:
        return True
    try:
        data = os.read(fd, 65536)
    except OSError:
        return False
    seen += decoder.decode(data)
    return len(data) > 0
for step in plan['steps']:
    while True:
        match = re.search(step['expect'], seen[mark:])
        if match:
            break
        if not pump(0.2) or time.time() > deadline:
            complaint = 'never saw ' + step['expect']
            break
    if complaint:
        break
    mark = len(seen)
    os.write(fd, step['type'].encode())
while complaint is None and pump(0.2):
    if time.time() > deadline:
        complaint = 'did not end'
if complaint:
    os.kill(pid, 9)
status = os.waitpid(pid, 0)[1]
code = os.waitstatus_to_exitcode(status)
json.dump({'output': seen, 'code': code, 'complaint': complaint}, sys.stdout)
`;

export function hasCommand(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
}

export async function runInTerminal(
  argv: readonly string[],
  steps: readonly Step[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<TerminalRun> {
  const child = spawn('python3', ['-c', DRIVER]);
  const run = finished(child);
  const env = { ...environment(options.env), TERM: 'xterm', COLUMNS: '100' };
  child.stdin.end(JSON.stringify({ argv, steps, cwd: options.cwd, env, timeoutSeconds: 60 }));
  const { stdout, stderr } = await run;
  if (stdout === '') throw new Error(`The terminal driver failed: ${stderr}`);
  return JSON.parse(stdout) as TerminalRun;
}
