/** Writers whose keys a rotation, or the removal of their slot, ends (SPEC.md, "Signatures"). */
import type { KeyringPayload, Writer } from '../../store-format/index.js';
import type { LastOf } from './last-images.js';

/**
 * Of a machine that may only write, `last` is said once this stands: it may publish up to the last moment. Until then, all that it
 * signed counts.
 */
export function ended(writer: Writer, untilMs: number, untilGeneration: number): Writer {
  if (writer.untilMs !== undefined) return writer; // for good
  return writer.access === 'full' ? { ...writer, untilMs, untilGeneration } : { ...writer, untilMs };
}

/** It has ended, and nobody has said yet which of its images count. */
export function isEnding({ access, untilMs, last }: Writer): boolean {
  return access === 'write' && untilMs !== undefined && last === undefined;
}

/** With the last images of all that are ending. */
export function withLastImages(payload: KeyringPayload, lastOf: LastOf): KeyringPayload {
  const writers = payload.writers.map((writer) =>
    isEnding(writer) ? { ...writer, last: [...lastOf(writer)] } : writer,
  );
  return { ...payload, writers };
}
