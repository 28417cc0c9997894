/** Which ranges of which images are lost with entries that nobody has: neighbours are told as one range. */
import { EntryKind, HASH_BYTES } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { shortName } from '../images/short-name.js';
import type { OperationOptions, Problem } from '../interface.js';
import type { MissingEntries } from '../reachability/missing-entries.js';
import { asBuffer } from './image-contents.js';
import { type OpenContents, openResolved } from './open-contents.js';
import { isLost, resolveSegment } from './resolve-segment.js';

/** Ranges named one by one per image; what follows is told in sum. */
const MAX_RANGES_PER_IMAGE = 1_000;

interface Range {
  readonly offset: number;
  length: number;
  readonly reason: string;
  readonly chunk: string | undefined;
}

/** What is the matter with entries that no pack gives. */
export interface Loss {
  readonly code: 'chunk-missing' | 'object-unreadable';
  /** As in "Image web has lost 10 bytes". */
  readonly verb: string;
  readonly reason: string;
}

/** No pack holds them. */
export const LOST: Loss = {
  code: 'chunk-missing',
  verb: 'has lost',
  reason: 'no pack holds what stands there',
};
/** There are packs that cannot be read now, and may hold them. */
export const UNREADABLE: Loss = {
  code: 'object-unreadable',
  verb: 'cannot give',
  reason: 'only a pack that cannot be read now may hold what stands there',
};

export async function nameLosses(
  engine: Engine,
  missing: MissingEntries,
  loss: Loss,
  options: OperationOptions,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const { images } = await engine.library.load();
  const open = await openResolved(engine, images, options, () => undefined); // told before, or purged meanwhile
  try {
    for (const image of open.images) {
      const ranges: Range[] = [];
      for await (const range of lostRanges(image, missing, loss.reason)) {
        await open.renew();
        options.signal?.throwIfAborted();
        const last = ranges.at(-1);
        if (last !== undefined && last.offset + last.length === range.offset && last.reason === range.reason)
          last.length += range.length;
        else ranges.push(range);
      }
      problems.push(...problemsOf(image, ranges, loss));
    }
    return problems;
  } finally {
    await open.release();
  }
}

async function* lostRanges(
  { contents }: OpenContents,
  missing: MissingEntries,
  reason: string,
): AsyncGenerator<Range> {
  for (let number = 0; number < contents.segmentCount; number++) {
    const segment = await resolveSegment(contents, number);
    if (isLost(segment)) {
      const { offset, length, chunk } = segment;
      yield { offset, length, reason: segment.reason, chunk };
      continue;
    }
    const { ids, lengths, offsets } = segment.recipe;
    for (let i = 0; i < lengths.length; i++) {
      const id = ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1));
      if (!missing.has(EntryKind.chunk, id)) continue;
      yield {
        offset: segment.offset + offsets[i]!,
        length: lengths[i]!,
        reason,
        chunk: asBuffer(id).toString('hex'),
      };
    }
  }
}

function problemsOf(
  { image }: OpenContents,
  ranges: readonly Range[],
  { code, verb }: Loss,
): readonly Problem[] {
  const reference = `${image.name}@${image.id}`;
  const name = image.removed ? `${shortName(image)} (removed)` : shortName(image);
  const named = ranges.slice(0, MAX_RANGES_PER_IMAGE).map(({ offset, length, reason, chunk }): Problem => {
    const message = `Image ${name} ${verb} ${length} bytes at byte ${offset}: ${reason}`;
    return { code, message, image: reference, offset, length, ...(chunk && { chunk }) };
  });
  const rest = ranges.slice(MAX_RANGES_PER_IMAGE);
  if (rest.length === 0) return named;
  const bytes = rest.reduce((sum, { length }) => sum + length, 0);
  const message = `Image ${name} ${verb} ${rest.length} ranges more, of ${bytes} bytes`;
  return [...named, { code, message, image: reference }];
}
