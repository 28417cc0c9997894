/** Passphrases and keys from files, pipes and commands. Each is read once, and no more of it than is needed. */
import { spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { printable } from '../printable.js';
import { writeError } from '../standard-streams.js';

/** A passphrase of more is a mistake, such as the wrong file. */
const MOST_BYTES = 64 * 1024;
const PIECE_BYTES = 4096;
const NEWLINE = 0x0a;
/** Bits of a file's mode. */
const FOR_OTHERS = 0o007;

/** @param from the option or variable that named the file, for messages */
export async function readPassphraseFile(path: string, from: string): Promise<string> {
  const bytes = await reading(path, from, (file) => readUntil(file, NEWLINE));
  return firstLineOf(bytes, `${from} ${path}`);
}

/** Text of a key file: what stands there, or on a sheet of `doppel key export`. */
export async function readKeyFile(path: string, from: string): Promise<string> {
  const bytes = await reading(path, from, async (file) => {
    const entry = await file.stat();
    if (entry.isFile() && (entry.mode & FOR_OTHERS) !== 0)
      writeError(`Warning: ${printable(path)} holds a key, and any user can read it: chmod 600 it\n`);
    return readUntil(file);
  });
  return findKeyText(bytes.toString('utf8'));
}

/** The key among other text: from the line that begins with it to the next empty one. */
export function findKeyText(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const first = lines.findIndex((line) => /^doppel1/i.test(line.replace(/\s/g, '')));
  if (first < 0) return text;
  const rest = lines.slice(first);
  const end = rest.indexOf('');
  return rest.slice(0, end < 0 ? rest.length : end).join(' ');
}

/** First line of what a shell command prints. Its standard input is empty, its errors go to ours. */
export async function readPassphraseCommand(command: string, from: string): Promise<string> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pieces: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size <= MOST_BYTES) pieces.push(piece);
    else child.kill();
  });
  const status = await new Promise<number | string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'no status'));
  });
  if (size > MOST_BYTES) throw await keyNeeded(`The command of ${from} prints too much to be a passphrase`);
  // The command itself is not told: it may hold what is secret.
  if (status !== 0)
    throw await keyNeeded(`The command of ${from} ended with ${status}, and gave no passphrase`);
  return firstLineOf(Buffer.concat(pieces), `what the command of ${from} prints`);
}

async function reading(
  path: string,
  from: string,
  read: (file: FileHandle) => Promise<Buffer>,
): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await read(file);
  } catch (error) {
    throw await keyNeeded(`Cannot read ${from} ${path}: ${error instanceof Error ? error.message : error}`);
  } finally {
    await file?.close();
  }
}

/** Up to a byte, or the end: the writer of a pipe may keep it open. */
async function readUntil(file: FileHandle, last?: number): Promise<Buffer> {
  const bytes = Buffer.alloc(MOST_BYTES + 1);
  let size = 0;
  for (;;) {
    const room = Math.min(PIECE_BYTES, bytes.length - size);
    if (room === 0) throw new Error('it is too long to be a secret');
    const { bytesRead } = await file.read(bytes, size, room, null);
    const piece = bytes.subarray(size, size + bytesRead);
    size += bytesRead;
    if (bytesRead === 0 || (last !== undefined && piece.includes(last))) return bytes.subarray(0, size);
  }
}

/** Without the newline, also that of other systems. @throws StoreError where there is no passphrase */
async function firstLineOf(bytes: Buffer, where: string): Promise<string> {
  const end = bytes.indexOf(NEWLINE);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch {
    throw await keyNeeded(`The first line of ${where} is no text in UTF-8`);
  }
  const passphrase = text.replace(/\r$/, '');
  if (passphrase === '')
    throw await keyNeeded(`The first line of ${where} is empty: a passphrase must stand there`);
  return passphrase;
}

/** The library's own error: exit code and JSON are those of a key that is missing. */
export async function keyNeeded(message: string, details: { readonly store?: string } = {}): Promise<Error> {
  const { StoreError } = await import('../../src/index.js');
  return new StoreError('key-needed', message, details);
}
