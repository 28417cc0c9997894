/** The store that fault tests hurt: two versions of web that share packs, and mail, which shares nothing with them. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { CaptureResult, Image } from '../../src/index.js';
import { doppel, type Run, temporaryFolder } from '../cli/run-doppel.js';
import { folderFor } from '../support/machine.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;

export interface SampleImage {
  readonly image: Image;
  readonly bytes: Buffer;
}

export interface Sample {
  readonly store: string;
  readonly old: SampleImage;
  readonly web: SampleImage;
  readonly mail: SampleImage;
}

/** References to the images of the sample. */
export const REFERENCES = { old: 'web:first', web: 'web', mail: 'mail' } as const;
export type SampleName = keyof typeof REFERENCES;

/**
 * web carries the tag `first` by a capture and `kept` by a name record; mail has a label by a name record, was removed and
 * brought back, so that it has marks of both kinds.
 */
export async function makeSample(): Promise<Sample> {
  const folder = await temporaryFolder();
  const store = join(folder, 'store');
  const webDisk = seededDisk('web', 6 * MIB + 1000);
  await succeed('init', store);
  const old = await captureBytes(store, folder, webDisk, 'web:first');
  const web = await captureBytes(store, folder, editedDisk(webDisk, 'web later'), 'web');
  const mail = await captureBytes(store, folder, seededDisk('mail', 5 * MIB), 'mail');
  await succeed('--store', store, 'tag', 'web', 'kept');
  await succeed('--store', store, 'label', 'mail', 'site=berlin');
  await succeed('--store', store, 'rm', 'mail');
  await succeed('--store', store, 'undelete', 'mail');
  return { store, old, web, mail };
}

async function captureBytes(
  store: string,
  folder: string,
  bytes: Buffer,
  name: string,
): Promise<SampleImage> {
  const disk = join(folder, 'disk.img');
  writeFileSync(disk, bytes);
  const { stdout } = await succeed('--store', store, 'capture', disk, name, '--json');
  return { image: (JSON.parse(stdout) as CaptureResult).image!, bytes };
}

async function succeed(...words: string[]): Promise<Run> {
  const run = await doppel(words);
  if (run.code !== 0) throw new Error(`doppel ${words.join(' ')} ended with ${run.code}: ${run.stderr}`);
  return run;
}

/** A copy of the sample's store that a test may hurt. */
export function copyOf(t: ExecutionContext, sample: Sample): string {
  const store = join(folderFor(t), 'store');
  cpSync(sample.store, store, { recursive: true });
  return store;
}

/** The image comes back byte for byte. @returns what the command said */
export async function restoresWhole(
  t: ExecutionContext,
  store: string,
  reference: string,
  bytes: Buffer,
): Promise<Run> {
  const target = join(folderFor(t), 'restored.img');
  const run = await doppel(['--store', store, 'restore', reference, target]);
  t.is(run.code, 0, `restore ${reference}: ${run.stderr}`);
  if (run.code === 0) t.true(readFileSync(target).equals(bytes), `${reference} came back with other bytes`);
  return run;
}

export interface Complaint {
  readonly exitCode: number;
  readonly code: string;
  /** What the message names, and what it says to do. */
  readonly message: RegExp;
}

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly details: object };
}

/** The command fails as documented, for people and as JSON: one clear sentence, no stack trace, nothing on standard output. */
export async function complains(
  t: ExecutionContext,
  words: readonly string[],
  { exitCode, code, message }: Complaint,
): Promise<void> {
  const human = await doppel(words);
  t.is(human.code, exitCode, human.stderr);
  t.is(human.stdout, '');
  hasNoTrace(t, human);
  const told = human.stderr.split('\n').find((line) => line.startsWith('doppel: '));
  checkSentence(t, told?.slice('doppel: '.length) ?? `no message in: ${human.stderr}`, message);
  const machine = await doppel(['--json', ...words]);
  t.is(machine.code, exitCode, machine.stderr);
  hasNoTrace(t, machine);
  const { error } = JSON.parse(machine.stdout) as ErrorDocument;
  t.is(error.code, code);
  t.is(typeof error.details, 'object');
  checkSentence(t, error.message, message);
}

export function hasNoTrace(t: ExecutionContext, { stdout, stderr }: Run): void {
  for (const text of [stdout, stderr]) {
    t.notRegex(text, /^\s+at |node:internal|\.[jt]s:\d|\[object|undefined|This is a bug/m);
  }
}

/** Starts with a capital letter, or with the path or reference that it is about. */
function checkSentence(t: ExecutionContext, sentence: string, expected: RegExp): void {
  t.regex(sentence, /^[A-Z"/.]/);
  t.regex(sentence, expected);
}
