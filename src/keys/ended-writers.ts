/** Writers whose keys a rotation, or the removal of their slot, ends (SPEC.md, "Signatures"). */
import type { KeyringPayload, Writer } from '../../store-format/index.js';
import type { LastOf } from './last-images.js';

/** Public keys of machines that may only write. */
export function machinesEndedBy(before: KeyringPayload, after: KeyringPayload): ReadonlySet<string> {
  const wereEnded = new Set(before.writers.filter(({ untilMs }) => untilMs !== undefined).map(keyOfWriter));
  const ends = after.writers.filter(({ access, untilMs }) => access === 'write' && untilMs !== undefined);
  return new Set(ends.map(keyOfWriter).filter((key) => !wereEnded.has(key)));
}

const keyOfWriter = ({ publicKey }: Writer): string => publicKey;

/** Who has ended once has ended for good. */
export function ended(writer: Writer, untilMs: number, lastOf: LastOf, untilGeneration: number): Writer {
  if (writer.untilMs !== undefined) return writer;
  return writer.access === 'full'
    ? { ...writer, untilMs, untilGeneration }
    : { ...writer, untilMs, last: [...lastOf(writer)] };
}
