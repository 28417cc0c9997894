/** An image's spans as a capture reads them: holes that the file system knows of are left out. */
import { openDiskSource } from '../../src/disks/disk-source.js';
import { SPAN_BYTES, spansOf } from '../../src/disks/spans.js';
import { SpanReader } from '../../src/workers/read-span.js';
import { SharedMemory } from '../../src/workers/shared-memory.js';
import type { StageMeter } from './stage-meter.js';

export interface ReadSpan {
  /** Byte offset in the image. */
  readonly offset: number;
  /** Good until the next span is asked for. */
  readonly bytes: Buffer;
}

export async function* readSpans(path: string, meter: StageMeter): AsyncGenerator<ReadSpan> {
  const source = await openDiskSource(path, () => undefined);
  const memory = new SharedMemory(SPAN_BYTES, 1);
  try {
    for await (const { offset, bytes: planned } of spansOf(source, memory, 'fail')) {
      if (planned === undefined) continue;
      const span = new SpanReader(planned);
      const bytes = meter.time('read spans', () => span.read(0, planned.length));
      if (span.failure !== undefined) throw new Error(`${path}: ${span.failure.message}`);
      yield { offset, bytes };
      memory.release(planned.memory);
    }
  } finally {
    await source.close();
  }
}
