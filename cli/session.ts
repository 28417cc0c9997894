/**
 * What one run of a command has at hand: the options that all commands share, the store, and the ways to show a result
 * and progress. A verb prints one result through it; the session closes what it opened, in every case.
 */
import type { OpenOptions, OperationOptions, Store } from '../src/index.js';
import type { ExitCode } from './exit-codes.js';
import type { Interruption } from './interruption.js';
import { openProgressDisplay, type ProgressDisplay, type WriteText } from './progress-display.js';
import { toJsonText, writeError, writeOutput } from './standard-streams.js';

export const DEFAULT_STORE = './doppel-store';

/** Words of the command line that others are told: the verb, and two that say on what. */
const WORDS_TOLD = 3;

export interface GlobalOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly threads?: number;
}

export class Session {
  readonly json: boolean;
  readonly #options: GlobalOptions;
  readonly #interruption: Interruption;
  readonly #command: string;
  #store: Store | undefined;
  #display: ProgressDisplay | undefined;

  /** @param operands the words that are no options, the verb first */
  constructor(options: GlobalOptions, interruption: Interruption, operands: readonly string[]) {
    this.json = options.json === true;
    this.#command = operands.slice(0, WORDS_TOLD).join(' ');
    this.#options = options;
    this.#interruption = interruption;
  }

  get storePath(): string {
    return this.#options.store || DEFAULT_STORE;
  }

  get quiet(): boolean {
    return this.#options.quiet === true;
  }

  async openStore(): Promise<Store> {
    const { openStore } = await this.library();
    const display = await this.display();
    this.#store = await openStore(this.storePath, {
      ...this.parallelism(),
      command: this.#command,
      onWarning: (warning) => display.warn(warning),
    });
    return this.#store;
  }

  /** Signal, progress and warnings for a long operation; from here on the first Ctrl-C stops it cleanly. */
  async operation(
    patience?: 'short' | 'endless',
  ): Promise<Required<OperationOptions & Pick<OpenOptions, 'onWarning'>>> {
    const display = await this.display();
    return {
      signal: this.#interruption.signalForOperation(patience),
      onProgress: (progress) => display.update(progress),
      onWarning: (warning) => display.warn(warning),
    };
  }

  parallelism(): Pick<OpenOptions, 'parallelism'> {
    const { threads } = this.#options;
    return threads === undefined ? {} : { parallelism: threads };
  }

  library(): Promise<typeof import('../src/index.js')> {
    return import('../src/index.js');
  }

  async display(): Promise<ProgressDisplay> {
    this.#display ??= await openProgressDisplay(writeError, this.quiet);
    return this.#display;
  }

  /** The result: the document with --json, the text for people otherwise. Once per run. */
  async print(document: unknown, text: () => string | Promise<string>): Promise<void> {
    this.#display?.finish();
    await writeOutput(this.json ? toJsonText(document) : await text());
  }

  /** The result where standard output carries an image: words for people on standard error, unless quiet. */
  printBesideImage(text: string): void {
    this.#display?.finish();
    if (!this.quiet) writeError(text);
  }

  /** A remark to people that is no part of the result. */
  remark: WriteText = (text) => {
    if (this.#display === undefined) writeError(`${text}\n`);
    else this.#display.note(text);
  };

  async close(): Promise<void> {
    this.#display?.finish();
    await this.#store?.close();
  }
}

/** What a verb's file offers to the program: see commands/. */
export type StartSession = (work: (session: Session) => Promise<ExitCode>) => Promise<void>;
