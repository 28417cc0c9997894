/** The part of the package `mbr` (which has no types) that reading a table needs. */
declare module 'mbr' {
  class Partition {
    /** 0x80 is active, 0 is not, all else is invalid. */
    status: number;
    type: number;
    sectors: number;
    firstLBA: number;
    /** `buffer` must hold the 16 bytes of one entry from `start` on. */
    static parse(buffer: Buffer, start?: number, end?: number): Partition;
  }

  // biome-ignore lint/complexity/noStaticOnlyClass: the parts of it that are not static are not used
  class MBR {
    static readonly TABLE_OFFSET: number;
    static readonly PARTITION_ENTRIES: number;
    static readonly Partition: typeof Partition;
  }

  export = MBR;
}
