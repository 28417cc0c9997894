/** Asks for a passphrase on the terminal. What is typed is not shown. */
import { StringDecoder } from 'node:string_decoder';
import { UsageError } from '../report-error.js';
import { writeError } from '../standard-streams.js';
import { keyNeeded } from './read-secret.js';

const [CTRL_C, CTRL_D, CTRL_H, CTRL_U, BACKSPACE] = ['\x03', '\x04', '\x08', '\x15', '\x7f'];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export async function promptPassphrase(question: string): Promise<string> {
  const passphrase = await typed(question);
  if (passphrase === '') throw await keyNeeded('No passphrase was typed');
  return passphrase;
}

/** Typed twice, so that a slip of the finger locks nobody out. */
export async function promptNewPassphrase(question: string): Promise<string> {
  const passphrase = await typed(`${question}: `);
  if (passphrase === '') throw new UsageError('An empty passphrase guards nothing');
  if ((await typed('The same once more: ')) !== passphrase)
    throw new UsageError('The two passphrases differ: nothing was changed');
  return passphrase;
}

/** One line, empty at the end of input. */
function typed(question: string): Promise<string> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const decoder = new StringDecoder('utf8');
    let line = '';
    const finish = () => {
      stdin.off('data', take);
      stdin.off('end', end);
      for (const signal of SIGNALS) process.off(signal, restore);
      restore();
      stdin.pause();
      writeError('\n');
    };
    const end = () => {
      finish();
      resolve(line);
    };
    const take = (bytes: Buffer) => {
      for (const character of decoder.write(bytes)) {
        if (character === '\r' || character === '\n') return end();
        if (character === CTRL_D && line === '') return end();
        if (character === CTRL_C) {
          restore();
          writeError('\n');
          process.kill(process.pid, 'SIGINT'); // in raw mode the terminal does not
          return undefined; // standard input still flows: it keeps the process until the signal arrives
        }
        line = edited(line, character);
      }
      return undefined;
    };
    // Whoever ends us must not leave a terminal behind that shows nothing.
    for (const signal of SIGNALS) process.prependListener(signal, restore);
    stdin.setRawMode(true);
    stdin.on('data', take);
    stdin.on('end', end);
    stdin.resume();
    writeError(question); // now what is typed is not shown
  });
}

function restore(): void {
  process.stdin.setRawMode(false);
}

function edited(line: string, character: string): string {
  if (character === CTRL_U) return '';
  if (character === CTRL_H || character === BACKSPACE) return [...line].slice(0, -1).join('');
  return character < ' ' ? line : line + character;
}
