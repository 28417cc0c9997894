/**
 * The loop over one target: picks an input that got somewhere, changes it, asks for a verdict, and keeps it when it went
 * a way that none went before. What "a way" is: here the error's text or the value's shape, which is free; the explorer
 * (explore.ts) asks V8 which blocks of code ran.
 */
import { Random } from '../simulation/random.js';
import { corpusOf } from './corpus.js';
import { type Care, judge } from './judge.js';
import { minimize } from './minimize.js';
import { mutateBytes } from './mutate.js';
import type { Recorder } from './recorder.js';
import { addVerdict, newTally, type Tally, type Violation } from './tally.js';
import type { Target } from './target.js';

const MAX_CORPUS = 400;
/** Of inputs: made from what a run starts with; changed by who knows their structure; hashes made right; looked at thoroughly. */
const SEED_SHARE = 0.3;
const STRUCTURED_SHARE = 0.3;
const SEALED_SHARE = 0.9;
const THOROUGH_SHARE = 1 / 8;
/** To make a slow input small takes its time. */
const SLOW_TRIES = 8;
/** A target that breaks its contract again and again has said enough. */
const MAX_VIOLATIONS = 3;

export class Fuzzer {
  readonly tally: Tally;
  readonly violations: Violation[] = [];
  readonly #corpus: Buffer[];
  readonly #kept: number;
  readonly #paths = new Set<string>();
  #broken = 0;

  constructor(
    readonly target: Target,
    private readonly seed: number,
    private readonly recorder: Recorder | undefined,
    evolved: readonly Buffer[] = [],
  ) {
    this.#corpus = [...target.seeds(), ...corpusOf(target.name).map(({ bytes }) => bytes), ...evolved];
    this.#kept = this.#corpus.length;
    this.tally = newTally(target.name);
  }

  get corpus(): readonly Buffer[] {
    return this.#corpus;
  }

  get isDone(): boolean {
    return this.#broken >= MAX_VIOLATIONS;
  }

  /** Input `index` of this seed: the same for the same corpus. Its random numbers go on to whoever judges it. */
  make(index: number): { readonly input: Buffer; readonly random: Random } {
    const random = new Random(`${this.seed} ${this.target.name} ${index}`);
    const isSeed = random.chance(SEED_SHARE);
    const base = this.#corpus[random.below(isSeed ? this.#kept : this.#corpus.length)]!;
    const isStructured = this.target.mutate !== undefined && random.chance(STRUCTURED_SHARE);
    let input = isStructured ? this.target.mutate!(base, random) : mutateBytes(base, this.#corpus, random);
    if (isStructured && random.chance(0.2)) input = mutateBytes(input, this.#corpus, random);
    if (this.target.seal !== undefined && random.chance(SEALED_SHARE))
      input = this.target.seal(Buffer.from(input), random);
    return { input: ownMemory(input), random };
  }

  async run(index: number): Promise<void> {
    const { input, random } = this.make(index);
    await this.judge(input, index, random.chance(THOROUGH_SHARE) ? 'thorough' : 'quick');
  }

  async judge(input: Buffer, index: number, care: Care): Promise<void> {
    this.recorder?.note(index, input);
    const verdict = await judge(this.target, input, care);
    addVerdict(this.tally, verdict);
    if (verdict.violation !== undefined) await this.#tell(input, index, verdict.violation);
    else if (!this.#paths.has(verdict.path)) {
      this.#paths.add(verdict.path);
      this.keep(input);
    }
  }

  keep(input: Buffer): void {
    if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(input);
    else this.#corpus[this.#kept + (this.#paths.size % (MAX_CORPUS - this.#kept))] = input;
  }

  async #tell(
    input: Buffer,
    index: number,
    { kind, message }: Omit<Violation, 'target' | 'input' | 'index' | 'seed'>,
  ) {
    this.#broken++;
    if (this.violations.some((known) => known.kind === kind)) return;
    const small = await minimize(
      input,
      async (candidate) => {
        this.recorder?.note(index, candidate);
        return (await judge(this.target, candidate, 'exact')).violation?.kind === kind;
      },
      kind === 'slow' ? SLOW_TRIES : undefined,
    );
    const { name } = this.target;
    this.violations.push({
      target: name,
      kind,
      message,
      seed: this.seed,
      index,
      input: small.toString('base64'),
    });
  }
}

/** Decoders see a buffer whose memory others share and that starts anywhere, as in a store; never one that ends with it. */
function ownMemory(input: Buffer): Buffer {
  return input.byteOffset === 0 && input.buffer.byteLength === input.length ? Buffer.concat([input]) : input;
}
