declare module 'fs-native-extensions' {
  /** Advisory lock of the open file description; false when somebody else holds it. */
  export function tryLock(
    fd: number,
    offset?: number,
    length?: number,
    options?: { shared?: boolean },
  ): boolean;
  export function unlock(fd: number): void;
  /** Punches a hole: the range reads as zeros. */
  export function trimSync(fd: number, offset: number, length: number): void;
}
