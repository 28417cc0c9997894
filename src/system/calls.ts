/**
 * The few system calls that Node does not offer, through koffi. Every caller has a way to do without: `undefined`
 * means "not here".
 */
import { createRequire } from 'node:module';

interface SystemCalls {
  /** Next data or hole at or after `offset`: -1 when there is none. */
  seek(fd: number, offset: number, whence: 'data' | 'hole'): number;
  /** Lets the kernel forget what it keeps of a file, so that a later read comes from the disk. */
  forgetCached(fd: number): void;
  /** Reads no more than is asked for from now on, and anew: for what lies around bad sectors. */
  readPrecisely(fd: number): void;
  /** renameat2(RENAME_NOREPLACE): 0, or -1. */
  renameNoReplace(from: string, to: string): number;
}

const WHENCE = { data: 3, hole: 4 } as const;
const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;
const POSIX_FADV_RANDOM = 1;
const POSIX_FADV_DONTNEED = 4;

let loaded: SystemCalls | undefined | null = null;

/** Loaded on first use: opening libc costs milliseconds that `ls` need not pay. */
export function systemCalls(): SystemCalls | undefined {
  if (loaded === null) loaded = load();
  return loaded;
}

function load(): SystemCalls | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const libc = koffi.load(null);
    const lseek = libc.func('int64_t lseek64(int fd, int64_t offset, int whence)');
    const renameat2 = libc.func(
      'int renameat2(int from, const char *old, int to, const char *new, uint32_t flags)',
    );
    const fadvise = libc.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)');
    return {
      seek: (fd, offset, whence) => Number(lseek(fd, offset, WHENCE[whence])),
      forgetCached: (fd) => void fadvise(fd, 0, 0, POSIX_FADV_DONTNEED),
      readPrecisely: (fd) => {
        fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
      },
      renameNoReplace: (from, to) => Number(renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)),
    };
  } catch {
    return undefined; // no build of koffi, or another libc
  }
}
