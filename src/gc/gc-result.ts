/** What a run of gc tells, from what it planned and did. */
import type { GcRecord } from '../../store-format/index.js';
import type { GcResult } from '../interface.js';
import type { NumberedPack, Survey } from '../reachability/survey.js';
import { type Plan, rewrittenBytes } from './plan.js';
import type { Removal } from './removal.js';

export interface ImagesEnded {
  readonly purgedImages: number;
  readonly keptImages: number;
}

interface Planned {
  readonly plan: Plan;
  readonly survey: Survey;
  readonly seconds: number;
}

/** Of a dry run: as the plan has it. */
export function plannedResult(planned: Planned, images: ImagesEnded): GcResult {
  const { resumed, dropped, repacked } = planned.plan;
  const gone = [...resumed, ...dropped, ...repacked].map(({ pack }) => pack);
  const rewritten = rewrittenBytes([...resumed, ...repacked]);
  return {
    ...summaryOf(planned),
    ...images,
    freedBytes: Math.round(packBytesOf(gone) - rewritten),
    rewrittenBytes: Math.round(rewritten),
    waitingPacks: 0,
    waitingBytes: 0,
  };
}

/** @param writtenBytes of packs with copies, but for those that `removal` wrote */
export function doneResult(
  planned: Planned,
  images: ImagesEnded,
  removal: Removal,
  writtenBytes: number,
): GcResult {
  const rewritten = writtenBytes + removal.rescuedBytes;
  return {
    ...summaryOf(planned),
    ...images,
    freedBytes: packBytesOf(removal.unlinked) - rewritten,
    rewrittenBytes: rewritten,
    waitingPacks: removal.waiting.length,
    waitingBytes: packBytesOf(removal.waiting),
  };
}

/** For the run's last record in `gc/`. */
export function finishedRecord(result: GcResult, removal: Removal, atMs: number): GcRecord['finished'] {
  return {
    atMs,
    condemnedPacks: result.droppedPacks + result.repackedPacks,
    unlinkedPacks: removal.unlinked.length,
    rewrittenBytes: result.rewrittenBytes,
    freedBytes: Math.max(0, result.freedBytes),
  };
}

function summaryOf({ plan, survey, seconds }: Planned) {
  return {
    droppedPacks: plan.dropped.length,
    repackedPacks: plan.repacked.length,
    packs: survey.packs.length,
    packBytes: survey.packBytes,
    unneededBytes: Math.round(
      plan.staying.reduce((sum, { frameBytes, keptBytes }) => sum + frameBytes - keptBytes, 0),
    ),
    seconds,
  };
}

function packBytesOf(packs: readonly NumberedPack[]): number {
  return packs.reduce((sum, { packBytes }) => sum + packBytes, 0);
}
