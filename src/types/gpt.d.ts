/** The part of the package `gpt` (which has no types) that reading a table needs. */
declare module 'gpt' {
  class PartitionEntry {
    /** Upper-case GUIDs. */
    type: string;
    guid: string;
    name: string;
    firstLBA: bigint;
    lastLBA: bigint;
    attr: bigint;
    isEmpty(): boolean;
    static parse(buffer: Buffer, offset?: number): PartitionEntry;
  }

  class GPT {
    constructor(options?: { blockSize?: number });
    static readonly PartitionEntry: typeof PartitionEntry;
    guid: string;
    headerSize: number;
    headerChecksum: number;
    currentLBA: bigint;
    backupLBA: bigint;
    firstLBA: bigint;
    lastLBA: bigint;
    tableOffset: bigint;
    entries: number;
    entrySize: number;
    tableChecksum: number;
    /** Throws if the signature is not there or the buffer is shorter than 92 bytes. */
    parseHeader(buffer: Buffer, offset?: number): this;
  }

  export = GPT;
}
