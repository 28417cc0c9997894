#!/usr/bin/env node
/**
 * The `doppel` command. This file and what it imports at once is all that `--help` costs: the library and each command
 * are loaded when they are needed. It alone decides the exit code, and it ends the process itself so that nothing that
 * is still open keeps a finished command from returning.
 */
import { type Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Interruption, OutputClosed } from './interruption.js';
import { createProgram, VersionRequested } from './program.js';
import { type ReportTarget, reportError, UsageError } from './report-error.js';
import { type ArgumentScan, scanArguments } from './scan-arguments.js';
import { type SecretEnvironment, takeSecretEnvironment } from './secrets/secrets.js';
import { type GlobalOptions, Session } from './session.js';
import {
  isOutputClosed,
  onOutputClosed,
  toJsonText,
  watchStandardStreams,
  writeError,
  writeOutput,
} from './standard-streams.js';
import { VERBS } from './verbs.js';

const COMPLETE = '__complete';

async function run(words: readonly string[]): Promise<ExitCode> {
  watchStandardStreams();
  const environment = takeSecretEnvironment();
  if (words[0] === COMPLETE) {
    const { answerCompletion } = await import('./completion/answer.js');
    return answerCompletion(words.slice(words[1] === '--' ? 2 : 1), environment);
  }
  const scan = scanArguments(words);
  const verb = VERBS.find(({ name }) => name === scan.operands[0])?.name;
  const target: ReportTarget = { json: scan.json, imageOnStdout: scan.imageOnStdout, verb };
  reportBugs(target);
  const interruption = new Interruption({
    onStopping: () => writeError(stoppingNote(verb)),
    onImpatience: () => writeError('Something that was asked of a disk does not end: ending without it.\n'),
    onExit: (reason) => void reportError(reason, target),
  });
  onOutputClosed(() => interruption.abort(new OutputClosed('The reader of standard output went away')));
  try {
    const exitCode = await runCommand(words, scan, interruption, environment);
    return isOutputClosed() ? EXIT.brokenPipe : exitCode;
  } catch (error) {
    if (error instanceof VersionRequested) return printVersion(scan.json);
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      const helpWasShown = error.code === 'commander.help';
      if (helpWasShown && !scan.json) return EXIT.usage;
      return reportError(helpWasShown ? noCommand(scan) : error, target);
    }
    return reportError(error, target, interruption.abortReason);
  }
}

async function runCommand(
  words: readonly string[],
  scan: ArgumentScan,
  interruption: Interruption,
  environment: SecretEnvironment,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  let command: readonly string[] = [];
  const mentioned = scan.operands.slice(0, 2);
  const writeHelp = scan.json ? () => {} : writeError;
  const program = await createProgram({ mentioned, writeHelp }, async (work) => {
    const session = new Session(program.opts<GlobalOptions>(), interruption, command, environment);
    try {
      exitCode = await work(session);
    } finally {
      await session.close();
    }
  });
  program.hook('preAction', (_program, action) => {
    command = [...namesOf(action), ...action.args];
  });
  await program.parseAsync(words, { from: 'user' });
  return exitCode;
}

/** "config set" */
function namesOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...namesOf(command.parent), command.name()];
}

/** `doppel`, `doppel config` and `doppel help nonsense` all end in help. */
function noCommand({ operands }: ArgumentScan): UsageError {
  return new UsageError(operands[0] === 'help' ? `Unknown command '${operands[1]}'` : 'No command is given');
}

async function printVersion(json: boolean): Promise<ExitCode> {
  const { versions } = await import('../src/index.js');
  const { doppel } = await versions();
  await writeOutput(json ? toJsonText({ doppel }) : `${doppel}\n`);
  return EXIT.done;
}

/** What nobody awaited is a bug of ours; it still ends in one clear report. */
function reportBugs(target: ReportTarget): void {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      void reportError(error, target).then((code) => process.exit(code));
    });
  }
}

function stoppingNote(verb: string | undefined): string {
  const kept = verb === 'capture' ? '; what was stored is kept for the next capture' : '';
  return `\nStopping cleanly${kept}. Once more ends at once.\n`;
}

process.exit(await run(process.argv.slice(2)));
