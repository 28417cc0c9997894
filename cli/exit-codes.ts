/**
 * The one table of exit codes: from every code of the library's errors to a number that scripts can test, and what each
 * number means to a reader of `--help`. Numbers are stable; a new error code of the library does not compile until it
 * has its place here.
 */
import type { StoreErrorCode } from '../src/index.js';

/** Codes of the command's own: they stand in `--json` errors beside those of the library. */
export type CommandErrorCode = 'usage' | 'interrupted' | 'internal';

export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  store: 3,
  unknownImage: 4,
  source: 5,
  target: 6,
  damage: 7,
  noSpace: 8,
  refused: 9,
  io: 10,
  readErrors: 11,
  hints: 12,
  key: 13,
  hangup: 129,
  interrupt: 130,
  brokenPipe: 141,
  terminate: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES = {
  'store-missing': EXIT.store,
  'not-a-store': EXIT.store,
  'store-exists': EXIT.store,
  'unsupported-format': EXIT.store,
  'unsupported-feature': EXIT.store,
  'store-read-only': EXIT.store,
  'key-needed': EXIT.key,
  'key-wrong': EXIT.key,
  'key-forbids': EXIT.key,
  'bad-key': EXIT.key,
  'bad-name': EXIT.usage,
  'bad-reference': EXIT.usage,
  'bad-setting': EXIT.usage,
  'unknown-reference': EXIT.unknownImage,
  'ambiguous-reference': EXIT.unknownImage,
  'image-purged': EXIT.unknownImage,
  'image-protected': EXIT.refused,
  'source-missing': EXIT.source,
  'source-unreadable': EXIT.source,
  'source-shrank': EXIT.source,
  'hook-failed': EXIT.source,
  'target-exists': EXIT.target,
  'target-needs-consent': EXIT.target,
  'target-busy': EXIT.target,
  'target-too-small': EXIT.target,
  'target-unwritable': EXIT.target,
  'target-mismatch': EXIT.damage,
  'object-damaged': EXIT.damage,
  'object-missing': EXIT.damage,
  'object-unreadable': EXIT.damage,
  'chunk-damaged': EXIT.damage,
  'chunk-missing': EXIT.damage,
  'rolled-back': EXIT.damage,
  'no-space': EXIT.noSpace,
  conflict: EXIT.refused,
  'lease-broken': EXIT.refused,
  'gc-running': EXIT.refused,
  'io-failed': EXIT.io,
} as const satisfies Record<StoreErrorCode, ExitCode>;

/** What `--help` and the README say of each number, in order. */
export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.bug, 'unexpected failure: a bug, please report it'],
  [EXIT.usage, 'wrong usage: option, argument, name, reference or setting'],
  [EXIT.store, 'the store cannot be opened, made or written'],
  [EXIT.unknownImage, 'no such image or lease, or more than one'],
  [EXIT.source, 'the source cannot be read, or a --before/--after command failed'],
  [EXIT.target, 'the target was refused or cannot be written'],
  [EXIT.damage, 'damaged, missing or rolled-back data found, or the target differs from the image'],
  [EXIT.noSpace, 'no space left'],
  [EXIT.refused, 'refused: image protected, conflict with another process, lease broken, another gc runs'],
  [EXIT.io, 'other input/output error'],
  [EXIT.readErrors, 'captured, but parts of the source could not be read and stand as zeros'],
  [EXIT.hints, 'no damage found, but something odd that does no harm (verify, scrub, doctor)'],
  [EXIT.key, 'the store has keys: none was given, it is wrong, or it does not allow this'],
  [EXIT.hangup, 'ended because the terminal went away (SIGHUP)'],
  [EXIT.interrupt, 'interrupted (Ctrl-C)'],
  [EXIT.brokenPipe, 'the reader of standard output went away'],
  [EXIT.terminate, 'ended by SIGTERM'],
];

export function isStoreErrorCode(code: unknown): code is StoreErrorCode {
  return typeof code === 'string' && Object.hasOwn(EXIT_CODES, code);
}
