/** What a simulation looks for: a moment at which the store, or what somebody was told about it, is wrong. */
export class Violation extends Error {
  override readonly name = 'Violation';

  /**
   * @param rule the invariant of SPEC.md, section 11, or a promise that an operation made
   * @param subjects ids and keys that it is about: what the trace is searched for
   */
  constructor(
    readonly rule: string,
    message: string,
    readonly subjects: readonly string[] = [],
  ) {
    super(message);
  }
}
