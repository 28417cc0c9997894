/**
 * Runs one command and measures it from outside, alike for every tool: wall time, processor time, and the peak memory of its
 * largest process. All but the wall time comes from wait4(), so nothing that ran, however short, is missed.
 *
 * Node has no wait4(), and the peak of a process starts at the size of the one that forked it: a small parent is needed. That is
 * Python, which building the native parts needs anyway: peaks below its own 10 MiB cannot be told. GNU time would do, but is
 * often not installed.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Command } from './tool.js';

const METER = `
import json, os, sys, time
os.set_inheritable(3, False)
start = time.monotonic()
child = os.fork()
if child == 0:
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error:
        print(f"{sys.argv[1]}: {error.strerror}", file=sys.stderr)
        os._exit(127)
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - start
os.write(3, json.dumps({
    "exitCode": os.waitstatus_to_exitcode(status), "wallSeconds": wall,
    "cpuSeconds": usage.ru_utime + usage.ru_stime, "peakBytes": usage.ru_maxrss * 1024,
}).encode())
`;

export interface Measured {
  readonly wallSeconds: number;
  /** User and system time of all its processes. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** @throws with what the command said, if it fails */
export async function measure(command: Command): Promise<Measured> {
  const { exitCode, ...measured } = await runMetered(command);
  if (exitCode === 0) return measured;
  throw new Error(`${[command.program, ...command.args].join(' ')} ended with ${exitCode}`);
}

/** What the command prints on standard output. */
export async function output(command: Command): Promise<string> {
  const child = start(command.program, command.args, command, ['ignore', 'pipe', 'ignore']);
  const [printed] = await Promise.all([text(child.stdout!), ended(child)]);
  return printed.trim();
}

async function runMetered(command: Command): Promise<Measured & { exitCode: number }> {
  const args = ['-c', METER, command.program, ...command.args];
  const child = start('python3', args, command, ['ignore', 'ignore', 'inherit', 'pipe']);
  const [report] = await Promise.all([text(child.stdio[3] as NodeJS.ReadableStream), ended(child)]);
  return JSON.parse(report) as Measured & { exitCode: number };
}

type Stdio = ('ignore' | 'inherit' | 'pipe')[];

function start(program: string, args: readonly string[], { cwd, env }: Command, stdio: Stdio) {
  const { DOPPEL_STORE: _store, ...inherited } = process.env;
  const child = spawn(program, args, {
    cwd,
    env: { ...inherited, LC_ALL: 'C.UTF-8', ...env },
    stdio,
    detached: true, // a process group of its own, which ends as a whole
  });
  const stop = () => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid);
  process.prependListener('exit', stop);
  child.on('close', () => process.off('exit', stop));
  return child;
}

function ended(child: ReturnType<typeof start>): Promise<void> {
  return new Promise((resolve, reject) => child.on('close', () => resolve()).on('error', reject));
}
