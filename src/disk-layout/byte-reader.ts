/** Random access to the bytes of a disk, a file, or the kept beginning of a stream. */
export interface ByteReader {
  /** Bytes in all. */
  readonly size: number;
  /**
   * Up to `length` bytes from `offset` on; fewer only where the disk ends. The result may be reused by the next read.
   * A rejection means that these bytes cannot be read, not that the disk is lost.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}
