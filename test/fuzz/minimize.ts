/** Makes an input that breaks a contract small: ranges are left out, then zeroed, while it still does. */

const MAX_TRIES = 400;

/** @param violates whether a candidate breaks the contract in the same way */
export async function minimize(
  input: Buffer,
  violates: (candidate: Buffer) => Promise<boolean>,
  maxTries: number = MAX_TRIES,
): Promise<Buffer> {
  let best = input;
  let triesLeft = maxTries;
  const accept = async (candidate: Buffer): Promise<boolean> => {
    if (triesLeft-- <= 0 || candidate.equals(best) || !(await violates(Buffer.from(candidate)))) return false;
    best = candidate;
    return true;
  };
  for (let length = 2 ** Math.floor(Math.log2(Math.max(1, best.length))); length >= 1; length >>= 1) {
    for (let at = best.length - length; at >= 0 && triesLeft > 0; at -= length)
      await accept(Buffer.concat([best.subarray(0, at), best.subarray(at + length)]));
  }
  for (let length = 64; length >= 1; length >>= 2) {
    for (let at = 0; at < best.length && triesLeft > 0; at += length)
      await accept(Buffer.from(best).fill(0, at, Math.min(at + length, best.length)));
  }
  return best;
}
