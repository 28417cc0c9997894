/** The operations that are thrashed: which commands they run, and which ends of them are as they should be. */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../cli/exit-codes.js';
import type { CaptureResult, Image } from '../../src/index.js';
import { type CommandRunner, commandLine, type Ended } from './command-runner.js';
import { type DiskPool, sha256 } from './disk-pool.js';
import { ThrashFailure } from './failure.js';
import { type Glance, type KnownImage, type Model, titleOf } from './model.js';
import type { Random } from './random.js';
import { OWN_NAME } from './thrash-keys.js';

const NAMES = ['web', 'mail', 'db'] as const;
/** Of captures, where there is a machine that may only write. */
const MACHINES_SHARE = 0.3;
/** More live images than this are thinned out: the store stays small, and gc has work. */
const MANY_IMAGES = 16;

export type OperationName =
  | 'capture'
  | 'restore'
  | 'rm'
  | 'undelete'
  | 'tag'
  | 'gc'
  | 'verify'
  | 'scrub'
  | 'ls';

export interface Thrashed {
  readonly runner: CommandRunner;
  readonly model: Model;
  readonly disks: DiskPool;
  readonly random: Random;
  /** For sources and targets. */
  readonly folder: string;
}

export const OPERATIONS: Readonly<Record<OperationName, (thrashed: Thrashed) => Promise<void>>> = {
  capture,
  restore,
  rm,
  undelete,
  tag,
  gc,
  verify,
  scrub,
  ls,
};

export function chooseOperation({ random, model }: Thrashed): OperationName {
  const isFull = model.with('live').length > MANY_IMAGES;
  return random.weighted([
    ['capture', isFull ? 14 : 30],
    ['restore', 18],
    ['rm', isFull ? 30 : 10],
    ['undelete', 6],
    ['tag', 6],
    ['gc', 14],
    ['verify', 6],
    ['scrub', 5],
    ['ls', 8],
  ]);
}

async function capture({ runner, model, disks, random, folder }: Thrashed): Promise<void> {
  const disk = disks.next();
  const as = runner.hasMachine && random.chance(MACHINES_SHARE) ? 'machine' : 'full';
  const image = model.newImage(as === 'machine' ? OWN_NAME : random.pick(NAMES)!, disk.sha256);
  const change = model.startChange(image);
  const tag = `c${image.attempt}`;
  const isTagged = as === 'full' && random.chance(0.3);
  const parent = as === 'full' && random.chance(0.15) ? random.pick(model.with('live')) : undefined;
  const seen = parent && model.glance(parent);
  const fromStdin = random.chance(0.25);
  const path = join(folder, `disk-${image.attempt}`);
  if (!fromStdin) writeFileSync(path, disk.bytes);
  const words = ['capture', '--json', '--label', `attempt=${image.attempt}`, '--level', '1'];
  if (parent !== undefined) words.push('--parent', `@${parent.id}`);
  else if (random.chance(0.1)) words.push('--no-parent');
  words.push('--', fromStdin ? '-' : path, isTagged ? `${image.name}:${tag}` : image.name);
  const ended = await runner.run('capture', words, { input: fromStdin ? disk.bytes : undefined, as });
  rmSync(path, { force: true });
  if (ended.code === EXIT.done) {
    image.id = (JSON.parse(ended.stdout) as CaptureResult).image!.id;
    model.published++;
    if (isTagged) image.tags.add(tag);
    model.endChange(change, 'live');
  } else {
    const refused = ended.code !== undefined;
    model.endChange(change, refused ? 'gone' : 'doubtful');
    if (refused && !(ended.code === EXIT.unknownImage && mayBeAway(model, seen))) throw unexpected(ended);
  }
}

async function restore({ runner, model, disks, random, folder }: Thrashed): Promise<void> {
  const image = pickReadable(model, random);
  if (image === undefined) return;
  const seen = model.glance(image);
  const toStdout = random.chance(0.15);
  const inPlace = !toStdout && random.chance(0.25);
  const target = join(folder, `target-${randomUUID()}`);
  if (inPlace) writeFileSync(target, disks.any().bytes);
  const words = ['restore', `@${image.id}`, toStdout ? '-' : target];
  const ended = await runner.run('restore', inPlace ? [...words, '--in-place'] : words);
  if (ended.code === EXIT.done) {
    const found = toStdout ? ended.stdoutSha256 : sha256(readFileSync(target));
    if (found !== image.sha256)
      throw new ThrashFailure(`${titleOf(image)} came back with other bytes: ${commandLine(ended)}`, true);
  }
  rmSync(target, { force: true });
  expectRead(model, seen, ended);
}

async function rm({ runner, model, random }: Thrashed): Promise<void> {
  const image = random.pick(model.with('live'));
  if (image === undefined) return;
  const change = model.startChange(image);
  const seen = { ...model.glance(image) };
  model.markRemoval(image);
  const ended = await runner.run('rm', ['rm', '--json', `@${image.id}`]);
  const alone = image.version === seen.version && image.changing === 1;
  model.endChange(change, ended.code === EXIT.done ? 'removed' : 'doubtful');
  if (ended.code === EXIT.unknownImage && !alone) return;
  expectDone(ended);
}

async function undelete({ runner, model, random }: Thrashed): Promise<void> {
  const image = random.pick(model.with('removed'));
  if (image === undefined) return;
  const change = model.startChange(image);
  const { version } = image;
  const ended = await runner.run('undelete', ['undelete', '--json', `@${image.id}`]);
  const alone = image.version === version && image.changing === 1;
  model.endChange(change, ended.code === EXIT.done ? 'live' : 'doubtful');
  if (ended.code === EXIT.unknownImage && (!alone || model.mayBePurged(image))) return;
  expectDone(ended);
}

async function tag({ runner, model, random }: Thrashed): Promise<void> {
  const image = pickReadable(model, random);
  if (image === undefined) return;
  const seen = model.glance(image);
  const name = `t${Math.floor(random.number() * 1e9)}`;
  const ended = await runner.run('tag', ['tag', '--json', `@${image.id}`, name]);
  if (ended.code === EXIT.done) image.tags.add(name);
  expectRead(model, seen, ended);
}

/** Sometimes two at once: one of them may leave. */
async function gc(thrashed: Thrashed): Promise<void> {
  const runs = [oneGc(thrashed)];
  if (thrashed.random.chance(0.25)) runs.push(oneGc(thrashed));
  for (const { status, reason } of (await Promise.allSettled(runs)) as PromiseRejectedResult[])
    if (status === 'rejected') throw reason;
}

async function oneGc({ runner, model, random }: Thrashed): Promise<void> {
  const words = ['gc', '--json'];
  if (random.chance(0.6)) words.push('--grace', '0');
  const wait = random.weighted([
    ['0', 4],
    ['2s', 3],
    ['10s', 2],
    [undefined, 1],
  ]);
  if (wait !== undefined) words.push('--wait', wait);
  const limit = random.weighted([
    [[], 8],
    [['--dry-run'], 1],
    [['--max-repack', '1M'], 1],
  ]);
  words.push(...limit);
  const others = model.runningGcs;
  const before = model.startedGcs;
  model.startGc();
  const ended = await runner.run('gc', words).finally(() => model.endGc());
  const wasAlone = others === 0 && model.startedGcs === before + 1;
  if (ended.code === EXIT.refused && !wasAlone && isError(ended, 'gc-running')) return;
  expectDone(ended);
}

async function verify({ runner, model, random }: Thrashed): Promise<void> {
  if (random.chance(0.5)) {
    expectDone(await runner.run('verify', ['verify', '--all', '--json']));
    return;
  }
  const image = pickReadable(model, random);
  if (image === undefined) return;
  const seen = model.glance(image);
  expectRead(model, seen, await runner.run('verify', ['verify', '--json', `@${image.id}`]));
}

/** Nobody hurts the store here: whatever runs beside it, nothing is found, and a repair has nothing to do. */
async function scrub({ runner, random }: Thrashed): Promise<void> {
  const words = ['scrub', '--json'];
  words.push(
    ...random.weighted([
      [[], 1],
      [['--repair'], 2],
      [['--fraction', '1/3'], 1],
    ]),
  );
  expectDone(await runner.run('scrub', words));
}

/** What is listed is what should be there. */
async function ls({ runner, model }: Thrashed): Promise<void> {
  const glances = [...model.images.values()].map((image) => model.glance(image));
  const listed: (readonly Image[])[] = [];
  for (const which of [[], ['--removed']]) {
    const ended = await runner.run('ls', ['ls', '--json', ...which]);
    expectDone(ended);
    if (ended.code === undefined) return;
    listed.push(JSON.parse(ended.stdout) as Image[]);
  }
  model.settle(glances, listed[0]!, listed[1]!);
}

/** Mostly one that must be there. */
function pickReadable(model: Model, random: Random): KnownImage | undefined {
  return random.pick(random.chance(0.9) ? model.with('live') : model.with('live', 'doubtful', 'removed'));
}

function mayBeAway(model: Model, seen: Glance | undefined): boolean {
  return seen !== undefined && !model.wasCertainly('live', seen);
}

/** An image that was there all the time can be read; one that was being removed may have been away. */
function expectRead(model: Model, seen: Glance, ended: Ended): void {
  if (ended.code === EXIT.unknownImage && mayBeAway(model, seen)) return;
  expectDone(ended, model.wasCertainly('live', seen));
}

function expectDone(ended: Ended, losesImage = false): void {
  if (ended.code !== undefined && ended.code !== EXIT.done) throw unexpected(ended, losesImage);
}

function unexpected(ended: Ended, losesImage = false): ThrashFailure {
  const { code, stdout, stderr } = ended;
  const isLoss = losesImage && (code === EXIT.unknownImage || code === EXIT.damage);
  return new ThrashFailure(`"${commandLine(ended)}" ended with ${code}: ${stderr}${stdout}`, isLoss);
}

function isError({ stdout }: Ended, code: string): boolean {
  return (JSON.parse(stdout) as { error?: { code?: string } }).error?.code === code;
}
