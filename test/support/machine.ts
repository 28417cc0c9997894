/**
 * What tests borrow from the machine: loop devices, mounts, small file systems, disks with bad sectors. Everything is
 * given back when the test ends, however it ends. Where the machine cannot lend it, the test says so loudly (and fails
 * in CI), and the borrower gets `undefined`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { missing } from '../cli/run-doppel.js';

interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, ...words: string[]): Outcome {
  const { status, error, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  return { ok: error === undefined && status === 0, stdout: stdout ?? '', stderr: error?.message ?? stderr };
}

function refuse(t: ExecutionContext, what: string, { stderr }: Outcome): undefined {
  missing(t, `${what}: ${stderr.trim()}`);
}

/** A folder of the test's own. */
export function folderFor(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'doppel-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A block device whose bytes are those of `file`. */
export function loopDevice(t: ExecutionContext, file: string, ...options: string[]): string | undefined {
  const made = run('losetup', '--find', '--show', ...options, file);
  if (!made.ok) return refuse(t, 'needs losetup and the right to use it', made);
  const device = made.stdout.trim();
  t.teardown(() => void run('losetup', '--detach', device));
  return device;
}

/** Mounts what stands on a device at a new folder. */
export function mountDevice(t: ExecutionContext, device: string, ...options: string[]): string | undefined {
  return mountAt(t, ...options, device);
}

/** A file system of its own that holds `bytes` bytes and no more. */
export function smallFileSystem(t: ExecutionContext, bytes: number, options = ''): string | undefined {
  return mountAt(t, '-t', 'tmpfs', '-o', `size=${bytes},mode=700${options}`, 'tmpfs');
}

function mountAt(t: ExecutionContext, ...words: string[]): string | undefined {
  const point = join(folderFor(t), 'mount');
  mkdirSync(point);
  const mounted = run('mount', ...words, point);
  if (!mounted.ok)
    return refuse(t, `needs mount and the right to use it (mount ${words.join(' ')})`, mounted);
  t.teardown(() => void run('umount', '--lazy', point));
  return point;
}

/** Runs a tool that the test cannot do without. */
export function tool(t: ExecutionContext, command: string, ...words: string[]): boolean {
  const outcome = run(command, ...words);
  if (!outcome.ok) refuse(t, `needs ${command} ${words.join(' ')}`, outcome);
  return outcome.ok;
}

/** Runs a tool at the end of the test, whatever comes of it. */
export function atEnd(t: ExecutionContext, command: string, ...words: string[]): void {
  t.teardown(() => void run(command, ...words));
}

/** A block device that nbdkit invents: its words say how it reads, writes and fails. */
export async function inventedDevice(t: ExecutionContext, ...nbdkit: string[]): Promise<string | undefined> {
  const point = join(folderFor(t), 'nbd');
  mkdirSync(point);
  for (const command of ['nbdkit', 'nbdfuse', 'fusermount3']) {
    if (!tool(t, command, '--version')) return undefined;
  }
  // nbdfuse starts nbdkit itself, serves it as the file "nbd" and ends with the mount.
  const child = spawn('nbdfuse', [point, '--command', 'nbdkit', '-s', '--exit-with-parent', ...nbdkit], {
    stdio: 'ignore',
  });
  t.teardown(() => {
    run('fusermount3', '-u', '-z', point);
    child.kill();
  });
  const file = join(point, 'nbd');
  for (let tries = 0; tries < 600 && !existsSync(file); tries++) await sleep(50);
  if (!existsSync(file))
    return refuse(t, 'needs /dev/fuse', { ok: false, stdout: '', stderr: 'no file came' });
  t.true(statSync(file).size > 0);
  // Direct: else the kernel would remember what was written to the file, whatever nbdkit made of it.
  return loopDevice(t, file, '--direct-io=on');
}
