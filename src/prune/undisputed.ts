/**
 * Which values of a sequence that should never fall are beyond dispute: those in every longest subsequence that never
 * falls. When it falls, some values are wrong; the fewest are, if a longest such subsequence is right, and where there
 * are several of them this takes no side.
 */
export function undisputed(values: readonly number[]): readonly boolean[] {
  const before = longestEndingAt(values);
  const after = longestEndingAt(values.map((value) => -value).reverse()).reverse();
  const longest = before.reduce((most, length) => Math.max(most, length), 0);
  const isInSome = values.map((_, i) => before[i]! + after[i]! - 1 === longest);
  // Each longest subsequence has one value of each rank: whoever has a rank to itself is in all of them.
  const rivals = new Map<number, number>();
  for (const [i, rank] of before.entries()) {
    if (isInSome[i]) rivals.set(rank, (rivals.get(rank) ?? 0) + 1);
  }
  return values.map((_, i) => isInSome[i]! && rivals.get(before[i]!) === 1);
}

/** For each value, the length of the longest subsequence that never falls and ends with it. */
function longestEndingAt(values: readonly number[]): number[] {
  /** The least value that a subsequence of length i + 1 can end with. */
  const ends: number[] = [];
  return values.map((value) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    ends[low] = value;
    return low + 1;
  });
}
