/** What happened, step by step: kept only by runs that are to be told. */
export interface TraceLine {
  readonly step: number;
  readonly timeMs: number;
  /** Process, or who else acted. */
  readonly who: string;
  /** Number and kind of the operation. */
  readonly operation: string;
  readonly verb: string;
  readonly key: string;
  /** What was done to the step. */
  readonly outcome: string;
}

export class Trace {
  readonly lines: TraceLine[] = [];

  constructor(private readonly keeps: boolean) {}

  add(line: () => TraceLine): void {
    if (this.keeps) this.lines.push(line());
  }
}
