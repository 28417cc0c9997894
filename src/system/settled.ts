/** A failure is a value, so that one that nobody waits for yet is no unhandled rejection. */
export function settled<T>(work: Promise<T>): Promise<{ readonly value?: T; readonly error?: unknown }> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
