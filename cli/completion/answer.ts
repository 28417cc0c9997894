/**
 * The hidden command behind the completion scripts: `doppel __complete -- WORDS...` gets the words after "doppel" up to
 * the cursor, the last of them perhaps empty, and answers one candidate per line with a tab before its description. A
 * last line ":files" or ":folders" asks the shell for paths instead. It never fails and never writes to standard error:
 * where there is nothing to say it says nothing.
 */
import type { Argument, Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { printableLine } from '../printable.js';
import { createProgram } from '../program.js';
import { findOptionValue } from '../scan-arguments.js';
import { type SecretEnvironment, Secrets } from '../secrets/secrets.js';
import { DEFAULT_STORE } from '../session.js';
import { writeOutput } from '../standard-streams.js';
import {
  type Candidate,
  leaseSuggestions,
  pathsOf,
  type StoreToAsk,
  type Suggestions,
  storeSuggestions,
  wordsOf,
} from './suggestions.js';

export async function answerCompletion(
  words: readonly string[],
  environment: SecretEnvironment,
): Promise<ExitCode> {
  try {
    const { candidates, paths } = await suggest(words, environment);
    const lines = candidates.map(({ word, about }) => `${word}\t${printableLine(about)}\n`);
    if (paths !== undefined) lines.push(`:${paths}\n`);
    await writeOutput(lines.join(''));
  } catch {
    // A store that cannot be opened has no names to offer.
  }
  return EXIT.done;
}

/** Where the last word stands: [1] in an option's value, [2] an option, [3] a command's name, [4] an argument. */
async function suggest(words: readonly string[], environment: SecretEnvironment): Promise<Suggestions> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const program = await createProgram({ mentioned: before }, async () => {});
  const place = walk(program, before);
  const keyFile = findOptionValue(before, '--key-file');
  const path = findOptionValue(before, '--store') || process.env.DOPPEL_STORE || DEFAULT_STORE;
  const store = { path, secrets: new Secrets(keyFile === undefined ? {} : { keyFile }, environment) };
  // [1]
  if (place.openOption !== undefined) return suggestValue(place.openOption, current, store);
  if (!place.optionsEnded && current.startsWith('-') && current !== '-') {
    const equals = current.indexOf('=');
    const option = equals < 0 ? undefined : findOption(place.command, current.slice(0, equals));
    if (option !== undefined) {
      const inValue = await suggestValue(option, current.slice(equals + 1), store);
      const prefix = current.slice(0, equals + 1);
      return wordsOf(
        inValue.candidates.map(({ word, about }) => ({ word: prefix + word, about })),
        current,
      );
    }
    // [2]
    return wordsOf(optionCandidates(place.command), current);
  }
  // [3]
  if (place.command.name() === 'help') {
    return wordsOf(place.operands === 0 ? commandCandidates(program) : [], current);
  }
  if (place.command.commands.length > 0) {
    return wordsOf(commandCandidates(place.command), current);
  }
  // [4]
  const argument = argumentAt(place.command, place.operands);
  return argument === undefined
    ? wordsOf([], current)
    : suggestArgument(place.command, argument, current, store);
}

const FILE_OPTIONS: ReadonlySet<string> = new Set([
  '--seed',
  '--changed-ranges',
  '--key-file',
  '--passphrase-file',
  '--new-key-file',
  '--new-passphrase-file',
  '--svg',
  '--read',
]);

interface Place {
  readonly command: Command;
  /** Arguments of the command that are already complete. */
  readonly operands: number;
  /** The option whose value comes next. */
  readonly openOption: Option | undefined;
  readonly optionsEnded: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let openOption: Option | undefined;
  let optionsEnded = false;
  for (const word of words) {
    if (openOption !== undefined) openOption = undefined;
    else if (!optionsEnded && word === '--') optionsEnded = true;
    else if (!optionsEnded && word.startsWith('-') && word !== '-') {
      const option = findOption(command, word);
      if (option?.required === true) openOption = option;
    } else {
      const children = command.createHelp().visibleCommands(command);
      const next = children.find((candidate) => candidate.name() === word);
      if (next === undefined) operands++;
      else command = next;
    }
  }
  return { command, operands, openOption, optionsEnded };
}

function allOptions(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent === null ? [] : allOptions(command.parent))];
}

function findOption(command: Command, flag: string): Option | undefined {
  return allOptions(command).find((option) => option.long === flag || option.short === flag);
}

function optionCandidates(command: Command): Candidate[] {
  const options = allOptions(command).filter(({ hidden, long }) => !hidden && long !== undefined);
  return [
    ...options.map((option) => ({ word: option.long!, about: option.description })),
    { word: '--help', about: 'show help' },
  ];
}

function commandCandidates(command: Command): Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((child) => ({
    word: child.name(),
    about: child.summary() || child.description(),
  }));
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const list = command.registeredArguments;
  const last = list.at(-1);
  return list[index] ?? (last?.variadic === true ? last : undefined);
}

async function suggestValue(option: Option, current: string, store: StoreToAsk): Promise<Suggestions> {
  if (option.argChoices !== undefined) return choices(option.argChoices, current);
  if (option.long === '--store') return pathsOf('folders');
  if (FILE_OPTIONS.has(option.long ?? '')) return pathsOf('files');
  if (option.long === '--break') return leaseSuggestions(current, store);
  return wordsOf([], current);
}

async function suggestArgument(
  command: Command,
  argument: Argument,
  current: string,
  store: StoreToAsk,
): Promise<Suggestions> {
  if (argument.argChoices !== undefined) return choices(argument.argChoices, current);
  switch (argument.name()) {
    case 'source':
    case 'target':
    case 'disk':
    case 'new-key-file':
      return pathsOf('files');
    case 'store':
      return pathsOf('folders');
    default:
      return storeSuggestions(command.name(), argument.name(), current, store);
  }
}

function choices(values: readonly string[], current: string): Suggestions {
  return wordsOf(
    values.map((word) => ({ word, about: '' })),
    current,
  );
}
