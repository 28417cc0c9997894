/** What gc marks: the packs as they are listed now, and what roots need of them. What is missing ends the run (I12). */
import type { PubId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import type { OperationOptions } from '../interface.js';
import type { LostEntries } from '../reachability/lost-entries.js';
import { Mark } from '../reachability/mark.js';
import type { Manifests } from '../reachability/roots.js';
import { type Footers, Survey } from '../reachability/survey.js';

export interface MarkRootsParts {
  readonly engine: Engine;
  readonly footers: Footers;
  readonly manifests: Manifests;
  readonly roots: ReadonlySet<PubId>;
  readonly lost: LostEntries;
  /** Told with bytes of packs, over again for each pass. */
  readonly onBytes?: (doneBytes: number, totalBytes: number) => void;
}

/** @throws object-missing, object-damaged, object-unreadable */
export async function markRoots(parts: MarkRootsParts, options: OperationOptions): Promise<Mark> {
  const { engine, footers, manifests, roots, lost, onBytes } = parts;
  const survey = await Survey.take(engine, footers, {
    onUnreadable: (_pack, { message }) =>
      engine.warn({ code: 'pack-damaged', message: `gc leaves a pack alone: ${message}` }),
  });
  const onShare = (share: number) => onBytes?.(Math.floor(share * survey.packBytes), survey.packBytes);
  const onMissing = lost.requireExcuse.bind(lost);
  return Mark.of({ engine, survey, manifests, roots, onMissing, onShare }, options);
}
