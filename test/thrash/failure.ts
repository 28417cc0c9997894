/** Something that must not happen, whoever was killed: the run ends with it. */
export class ThrashFailure extends Error {
  override readonly name = 'ThrashFailure';

  /** @param losesImage an image that was there for certain is gone, or has other bytes */
  constructor(
    message: string,
    readonly losesImage = false,
  ) {
    super(message);
  }
}
