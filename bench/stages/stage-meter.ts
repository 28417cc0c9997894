/**
 * CPU seconds by stage. The system's own account of the process is read before and after a batch of work of one stage, so
 * what its threads do (writing files, LevelDB) counts too, and waiting does not. Reading it takes microseconds: a batch is
 * a span or a frame, never a chunk.
 */
export const CAPTURE_STAGES = [
  'read spans',
  'find holes',
  'cut',
  'hash chunks',
  'hash segments',
  'encode recipes',
  'decode recipes',
  'look up: known',
  'look up: new',
  'copy into frames',
  'compress frames',
  'hash frames',
  'write packs',
  'index packs',
] as const;

export const RESTORE_STAGES = [
  'look up and plan',
  'read frames',
  'decompress frames',
  'verify chunks',
  'write the file',
] as const;

export type Stage = (typeof CAPTURE_STAGES)[number] | (typeof RESTORE_STAGES)[number];

export class StageMeter {
  readonly #microseconds = new Map<Stage, number>();

  time<Result>(stage: Stage, work: () => Result): Result {
    const start = process.cpuUsage();
    const result = work();
    this.#add(stage, start);
    return result;
  }

  /** Nothing else may be under way. */
  async timeAsync<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
    const start = process.cpuUsage();
    const result = await work();
    this.#add(stage, start);
    return result;
  }

  #add(stage: Stage, start: NodeJS.CpuUsage): void {
    const { user, system } = process.cpuUsage(start);
    this.#microseconds.set(stage, (this.#microseconds.get(stage) ?? 0) + user + system);
  }

  seconds(stage: Stage): number {
    return (this.#microseconds.get(stage) ?? 0) / 1e6;
  }
}
