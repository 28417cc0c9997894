/** An image to a stream, in order: spans are put together by workers a few ahead of the one being written. */
import type { ImageContents } from '../contents/image-contents.js';
import { planSpan, type ReadySpan } from '../contents/plan-span.js';
import { SPAN_BYTES } from '../disks/spans.js';
import type { Engine } from '../engine/engine.js';
import { messageOf, StoreError } from '../errors.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { SharedMemory } from '../workers/shared-memory.js';
import type { WriteOutcome, WriteSettings } from './write-disk.js';

export async function writeStream(
  engine: Engine,
  catalog: PackCatalog,
  contents: ImageContents,
  stream: NodeJS.WritableStream,
  settings: WriteSettings,
): Promise<WriteOutcome> {
  const ahead = 2 * engine.workers.parallelism;
  const memory = new SharedMemory(SPAN_BYTES, ahead + 1);
  const readers = { engine, catalog, contents, seeds: settings.seeds };
  const pending: Promise<ReadySpan>[] = [];
  const output = new OrderedOutput(stream);
  let [writtenBytes, seedBytes] = [0, 0];
  const writeFirst = async () => {
    await settings.renew();
    const span = await pending[0]!;
    pending.shift();
    for (const lost of span.lost) settings.onLost(lost);
    await output.write(Buffer.from(span.memory, 0, span.length));
    memory.release(span.memory);
    writtenBytes += span.length;
    seedBytes += span.seedBytes;
    settings.onBytes(span.length);
  };
  try {
    for (let offset = 0; offset < contents.size; offset += SPAN_BYTES) {
      settings.signal?.throwIfAborted();
      const length = Math.min(SPAN_BYTES, contents.size - offset);
      const ready = (await planSpan(readers, { offset, length }, await memory.acquire()))();
      ready.catch(() => undefined); // reported when its turn comes
      pending.push(ready);
      if (pending.length > ahead) await writeFirst();
    }
    while (pending.length > 0) await writeFirst();
    return { writtenBytes, seedBytes };
  } finally {
    await Promise.allSettled(pending);
    output.close();
  }
}

/** Writes with backpressure. A reader that went away is an error of the target, not a crash. */
class OrderedOutput {
  #failure: unknown;
  readonly #onError = (error: unknown) => {
    this.#failure ??= error;
  };

  constructor(private readonly stream: NodeJS.WritableStream) {
    stream.on('error', this.#onError);
  }

  async write(bytes: Buffer): Promise<void> {
    this.#check();
    // The memory is used again: wait until the bytes are out, not only until there is room.
    await new Promise<void>((resolve) => {
      this.stream.write(bytes, (error) => {
        if (error) this.#onError(error);
        resolve();
      });
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw new StoreError(
      'target-unwritable',
      `Cannot write the stream: ${messageOf(this.#failure)}`,
      {},
      {
        cause: this.#failure,
      },
    );
  }

  /** A stream that failed may say so once more, later: somebody has to listen. */
  close(): void {
    if (this.#failure === undefined) this.stream.off('error', this.#onError);
  }
}
