/**
 * Whose images of a name are judged together (SPEC.md, "Retention"): whoever floods a name with images must not have those
 * of others removed for them.
 *
 *   - All with full access are one writer; so are all where nobody signs.
 *   - The images of a machine that may only write are judged by themselves, each beside those that its own key has signed or
 *     one that came after it: so what is signed with an old key goes in time, and nothing goes for it.
 */
import type { Image } from '../interface.js';

export interface JudgedTogether {
  /** Those that the judgement is about. */
  readonly images: ReadonlySet<Image>;
  /** They and those that they may go for, in the order of the name. */
  readonly beside: readonly Image[];
  /** Their sequences are the word of a machine that may only write. */
  readonly isOrderDoubted: boolean;
}

/**
 * @param images all live ones of a name, in their order
 * @param keys public keys of writers, older ones first
 */
export function byWriter(images: readonly Image[], keys: readonly string[]): readonly JudgedTogether[] {
  const groups: JudgedTogether[] = [];
  const full = images.filter(({ signedBy }) => signedBy?.access !== 'write');
  if (full.length > 0) groups.push({ images: new Set(full), beside: full, isOrderDoubted: false });
  const age = new Map(keys.map((key, i) => [key, i]));
  const ageOf = ({ signedBy }: Image) => age.get(signedBy!.key) ?? -1;
  const others = images.filter(({ signedBy }) => signedBy?.access === 'write');
  for (const key of new Set(others.map(({ signedBy }) => signedBy!.key))) {
    const own = new Set(others.filter(({ signedBy }) => signedBy!.key === key));
    const [first] = own;
    const { writer } = first!.signedBy!;
    const isNewer = (image: Image) => image.signedBy!.writer === writer && ageOf(image) > ageOf(first!);
    const beside = others.filter((image) => own.has(image) || isNewer(image));
    groups.push({ images: own, beside, isOrderDoubted: true });
  }
  return groups;
}
