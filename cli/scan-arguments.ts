/**
 * A first look at the command line, before any of it is judged: which command it is about (only that command's file is
 * loaded), and where answers may go. It never fails; the real parser says what is wrong.
 */
import { STANDARD_STREAM } from './standard-streams.js';

export interface ArgumentScan {
  /** The words that are no options, the command first. Values of a command's own options may stand among them. */
  readonly operands: readonly string[];
  readonly json: boolean;
  /** Standard output belongs to the bytes of an image: nothing else may be written there, not even an error. */
  readonly imageOnStdout: boolean;
}

const GLOBAL_OPTIONS_WITH_VALUE = new Set([
  '--store',
  '--threads',
  '--key-file',
  '--passphrase-file',
  '--passphrase-command',
]);

export function scanArguments(words: readonly string[]): ArgumentScan {
  const end = words.indexOf('--');
  const operands: string[] = [];
  let json = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const mayBeOption = end < 0 || i < end;
    if (i === end) continue;
    if (mayBeOption && word === '--json') json = true;
    if (mayBeOption && GLOBAL_OPTIONS_WITH_VALUE.has(word)) i++;
    else if (!mayBeOption || word === STANDARD_STREAM || !word.startsWith('-')) operands.push(word);
  }
  const imageOnStdout = operands[0] === 'restore' && operands.includes(STANDARD_STREAM);
  return { operands, json, imageOnStdout };
}

/** The value of an option such as `--store` among words that may be incomplete, as completion sees them. */
export function findOptionValue(words: readonly string[], option: string): string | undefined {
  let value: string | undefined;
  for (const [i, word] of words.entries()) {
    if (word === '--') break;
    if (word === option) value = words[i + 1];
    else if (word.startsWith(`${option}=`)) value = word.slice(option.length + 1);
  }
  return value;
}
