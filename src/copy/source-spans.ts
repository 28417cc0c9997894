/**
 * An image as a source of spans: put together a few ahead of the one that is being cut. What the target's parent has is
 * told by the digests of segments, which are the same in all stores, and is not read; nor are zeros.
 */
import { SEGMENT_BYTES } from '../../store-format/index.js';
import { planSpan } from '../contents/plan-span.js';
import { isLost, resolveRow } from '../contents/resolve-segment.js';
import { SPAN_BYTES, type Span } from '../disks/spans.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import { type ParentImage, sameBytes } from '../intake/parent-image.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import type { CopySettings, ImageToCopy } from './image-to-copy.js';
import { SourceDamage } from './source-damage.js';

type Kind = 'unchanged' | 'zero' | 'data';

interface Run {
  readonly kind: Kind;
  readonly offset: number;
  length: number;
}

export class SourceSpans {
  /** Plain bytes of the chunks that were fetched. */
  readBytes = 0;

  constructor(
    private readonly source: ImageToCopy,
    /** The image in the target that may stand for what is equal. */
    private readonly parent: ParentImage | undefined,
    private readonly settings: CopySettings,
  ) {}

  /** The taker of a span releases its memory. @throws SourceDamage */
  async *spans(memory: SharedMemory): AsyncGenerator<Span> {
    const ahead = 2 * this.source.engine.workers.parallelism;
    const pending: Promise<Span>[] = [];
    try {
      for await (const run of this.#runs()) {
        this.settings.signal?.throwIfAborted();
        await this.source.renew();
        const span = (await this.#plan(run, memory))();
        span.catch(() => undefined); // thrown when its turn comes
        pending.push(span);
        while (pending.length > ahead) yield await pending.shift()!;
      }
      while (pending.length > 0) yield await pending.shift()!;
    } finally {
      await Promise.allSettled(pending); // nobody writes to the memory after this
    }
  }

  /** Segments of one kind that follow each other, at most a span of them. */
  async *#runs(): AsyncGenerator<Run> {
    const { contents } = this.source.from;
    let run: Run | undefined;
    for (let number = 0; number < contents.segmentCount; number++) {
      const kind = await this.#kindOf(number);
      const length = contents.lengthOf(number);
      if (run?.kind === kind && run.length < SPAN_BYTES) run.length += length;
      else {
        if (run !== undefined) yield run;
        run = { kind, offset: number * SEGMENT_BYTES, length };
      }
    }
    if (run !== undefined) yield run;
  }

  async #kindOf(number: number): Promise<Kind> {
    const { contents, image } = this.source.from;
    const row = await resolveRow(contents, number);
    if (isLost(row)) throw new SourceDamage(image, row);
    if (this.parent?.trusted) {
      const theirs = await this.parent.row(number);
      if (theirs !== undefined && sameBytes(theirs.digest, row.digest)) return 'unchanged';
    }
    return sameBytes(row.digest, zeroDigest(contents.lengthOf(number))) ? 'zero' : 'data';
  }

  /** Looks up what the run needs, in order; what is returned fetches it. */
  async #plan({ kind, offset, length }: Run, memory: SharedMemory): Promise<() => Promise<Span>> {
    if (kind === 'zero') return async () => ({ offset, length });
    if (kind === 'unchanged') return async () => ({ offset, length, unchanged: true });
    const { engine, catalog, from } = this.source;
    const { contents, image } = from;
    const piece = await memory.acquire();
    const fetch = await planSpan({ engine, catalog, contents }, { offset, length }, piece);
    return async () => {
      const { lost, chunkBytes } = await fetch();
      if (lost[0] !== undefined) throw new SourceDamage(image, lost[0]);
      this.readBytes += chunkBytes;
      return { offset, length, bytes: { memory: piece, length } };
    };
  }
}
