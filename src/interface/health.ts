/** How an archive fares, at a glance: found in records and listings, nothing is read for it. */
export interface Health {
  readonly packs: number;
  readonly packBytes: number;
  readonly scrub: {
    /** When the scrub began that began last. */
    readonly lastStarted?: Date;
    /** Every pack was read and found sound at this time or later; absent while one never was. */
    readonly allCheckedSince?: Date;
    readonly neverCheckedPacks: number;
    readonly neverCheckedBytes: number;
    /**
     * Bytes of packs that nobody has checked for longer than so many days. Those never checked count from the day they
     * were written.
     */
    readonly unchecked: readonly { readonly days: number; readonly bytes: number }[];
  };
  /** Packs that a repair has set aside: gc deletes them. */
  readonly damagedPacks: number;
  readonly damagedBytes: number;
  /** What repairs gave up and nobody has stored anew. */
  readonly lost: {
    readonly entries: number;
    readonly bytes: number;
    readonly ranges: readonly LostImageRange[];
  };
  readonly growth: {
    /** What the captures of the last seven days added to the store's files. */
    readonly lastWeekBytes: number;
    /** The same per week, over the last eight weeks, or since the first capture. */
    readonly weeklyBytes: number;
  };
}

export interface LostImageRange {
  /** `name@id` */
  readonly image: string;
  readonly offset: number;
  readonly length: number;
}
