/**
 * The command line as a whole: shared options, the list of commands, the help around them. Of the commands only those
 * that the words may be about are loaded with their arguments; the others stand as a name and a summary.
 */
import { Command, Option } from 'commander';
import { EXIT_CODE_MEANINGS } from './exit-codes.js';
import { integerBetween } from './option-values.js';
import { DEFAULT_STORE, type StartSession } from './session.js';
import { COMMAND_GROUP, VERBS } from './verbs.js';

/** More threads than this only cost memory on any machine of today. */
const MAX_THREADS = 256;

/** Thrown by `-V`: the version is known to the library, which is not loaded before it is needed. */
export class VersionRequested extends Error {}

export interface ProgramOptions {
  /** Words that may name commands: those are loaded. */
  readonly mentioned: readonly string[];
  /** Shows the help that stands in place of a missing command. */
  readonly writeHelp?: (text: string) => void;
}

export async function createProgram(options: ProgramOptions, start: StartSession): Promise<Command> {
  const { mentioned, writeHelp = () => {} } = options;
  const program = new Command('doppel');
  program
    .description(
      'Deduplicating store for disk images: capture whole disks, keep every version, restore any of them.',
    )
    .usage('[options] COMMAND ...')
    .exitOverride()
    .configureOutput({ outputError: () => {}, writeErr: writeHelp })
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .helpOption('-h, --help', 'show help')
    .addHelpCommand(
      new Command('help').argument('[command]').summary('show help of a command').helpGroup(COMMAND_GROUP),
    )
    .addOption(new Option('--store <dir>', `the store (default: ${DEFAULT_STORE})`).env('DOPPEL_STORE'))
    .option('--key-file <file>', 'key file that opens the store, where it has keys')
    .option('--passphrase-file <file>', 'file or pipe whose first line is the passphrase')
    .option('--passphrase-command <command>', 'shell command that prints the passphrase')
    .option('--json', 'one JSON document on standard output, errors included')
    .option('--quiet', 'no progress')
    .option(
      '--threads <n>',
      'worker threads (default: one per processor, at most 16)',
      integerBetween(1, MAX_THREADS),
    )
    .option('-V, --version', 'show the version')
    .on('option:version', () => {
      throw new VersionRequested();
    })
    .addHelpText('after', epilogue());
  for (const verb of VERBS) {
    const command = program.command(verb.name).summary(verb.summary).helpGroup(verb.group);
    if (!mentioned.includes(verb.name)) continue;
    (await verb.load()).define(command, start);
  }
  return program;
}

function epilogue(): string {
  const codes = EXIT_CODE_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `
References to images:
  web          the newest image of that name
  web~1        the one before it
  web:stable   the one that the tag points to
  web@3f2a     by the start of its id, which "doppel ls" shows
  @3f2a        the same, whatever its name

Examples:
  doppel init
  doppel capture /dev/sda web:stable --label site=berlin
  doppel ls 'web*'
  doppel restore web:stable new-disk.img --verify
  doppel restore web~1 - | ssh host 'dd of=/dev/sdb bs=1M'

Exit codes:
${codes.join('\n')}
`;
}
