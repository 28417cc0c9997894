/** `doppel key import`: a key that was typed or scanned becomes a key file again. */
import { createInterface } from 'node:readline';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { shortId } from '../format.js';
import { printable } from '../printable.js';
import { writeSecretFile } from '../secrets/new-secret.js';
import { findKeyText, keyNeeded, readKeyFile } from '../secrets/read-secret.js';
import type { Session } from '../session.js';
import { STANDARD_STREAM, writeError } from '../standard-streams.js';

export async function importKey(session: Session, path: string, from: string | undefined): Promise<ExitCode> {
  const typed = await readTyped(from);
  const { describeKey } = await session.library();
  const key = describeKey(typed); // a typing error is told before the store is asked
  const store = await session.openStore({ unlock: async () => ({ kind: 'key', text: typed }) });
  const keys = store.keys ?? (await session.openKeys());
  await writeSecretFile(path, `${keys.text}\n`);
  const document = { store: store.info.id, slot: key.slot, access: keys.access, path };
  await session.print(
    document,
    () =>
      `Key ${shortId(key.slot)} opens store ${printable(store.info.location)}; it is in ${printable(path)}: give that as --key-file.\n`,
  );
  return EXIT.done;
}

async function readTyped(from: string | undefined): Promise<string> {
  if (from !== undefined && from !== STANDARD_STREAM) return readKeyFile(from, '--read');
  const text = process.stdin.isTTY && from === undefined ? await typedLines() : await pipedText();
  if (text.trim() === '') throw await keyNeeded('No key was typed');
  return findKeyText(text);
}

/** Up to an empty line. What is typed is shown: nobody types that many letters blindly. */
async function typedLines(): Promise<string> {
  writeError('Type the key, which begins with "doppel1", and an empty line at the end:\n');
  const dialog = createInterface({ input: process.stdin, output: process.stderr, historySize: 0 });
  dialog.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const lines: string[] = [];
  for await (const line of dialog) {
    if (line.trim() === '') break;
    lines.push(line);
  }
  dialog.close();
  return lines.join('\n');
}

const MOST_BYTES = 64 * 1024;

async function pipedText(): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MOST_BYTES) throw await keyNeeded('Standard input is too long to be a key');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
