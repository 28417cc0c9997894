/**
 * What one run of a command has at hand: the options that all commands share, the store, and the ways to show a result
 * and progress. A verb prints one result through it; the session closes what it opened, in every case.
 */
import type { LockedStore, OpenOptions, OperationOptions, Secret, Store, StoreKeys } from '../src/index.js';
import type { ExitCode } from './exit-codes.js';
import type { Interruption } from './interruption.js';
import { openProgressDisplay, type ProgressDisplay, type WriteText } from './progress-display.js';
import { type SecretEnvironment, type SecretOptions, Secrets } from './secrets/secrets.js';
import { toJsonText, writeError, writeOutput } from './standard-streams.js';

export const DEFAULT_STORE = './doppel-store';

/** Words of the command line that others are told: the verb, and two that say on what. */
const WORDS_TOLD = 3;

export interface GlobalOptions extends SecretOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly threads?: number;
}

export interface OpenHow {
  /** In place of what options, environment and terminal give. */
  readonly unlock?: (store: LockedStore) => Promise<Secret>;
  readonly trust?: boolean;
}

export class Session {
  readonly json: boolean;
  readonly secrets: Secrets;
  readonly #options: GlobalOptions;
  readonly #interruption: Interruption;
  readonly #command: string;
  #store: Store | undefined;
  #display: ProgressDisplay | undefined;

  /** @param words the command and its arguments, without options: their values may be nobody's business */
  constructor(
    options: GlobalOptions,
    interruption: Interruption,
    words: readonly string[],
    environment: SecretEnvironment,
  ) {
    this.json = options.json === true;
    this.secrets = new Secrets(options, environment);
    this.#command = words.slice(0, WORDS_TOLD).join(' ');
    this.#options = options;
    this.#interruption = interruption;
  }

  get storePath(): string {
    return this.#options.store || DEFAULT_STORE;
  }

  get quiet(): boolean {
    return this.#options.quiet === true;
  }

  async openStore({ unlock, trust }: OpenHow = {}): Promise<Store> {
    const { openStore } = await this.library();
    const display = await this.display();
    this.#store = await openStore(this.storePath, {
      ...this.parallelism(),
      command: this.#command,
      onWarning: (warning) => display.warn(warning),
      unlock: unlock ?? ((store) => this.secrets.openerOf(store, store.location === this.storePath)),
      requireKeys: this.secrets.areOfOptions,
      ...(trust && { trust }),
    });
    return this.#store;
  }

  /** The keys of the store, opened. @throws StoreError where it has none */
  async openKeys(how?: OpenHow): Promise<StoreKeys> {
    const { keys, info } = await this.openStore(how);
    if (keys !== undefined) return keys;
    const { StoreError } = await this.library();
    throw new StoreError(
      'bad-setting',
      `Store ${info.location} has no keys: "doppel init --encrypt" makes one that has`,
      { store: info.location },
    );
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
