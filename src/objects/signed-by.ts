/** Whose an image is, and whether it may be: what a header says once its manifest was opened. */
import {
  decodePayload,
  encodePayload,
  ManifestHeaderSchema,
  type ManifestParts,
  type PlaceInOrder,
  type Writer,
} from '../../store-format/index.js';
import { matcherOf } from '../system/name-patterns.js';

/**
 * The header with whose signature stood on the manifest: that is never stored, so what stands there counts for nothing.
 *
 * @param generation that the manifest is sealed for
 */
export function signedBy(parts: ManifestParts, signer: Writer, generation: number): ManifestParts {
  const header = decodePayload(parts.header, ManifestHeaderSchema, 'manifest');
  const { name: writer, publicKey: key, access } = signer;
  const known = {
    ...header,
    signedBy: { writer, key, access, allowed: mayPublish(signer, header, generation) },
  };
  return { ...parts, header: encodePayload(known) };
}

/**
 * With full access, a capture that had begun when its key was changed for another ends well: by the generation, as a clock that
 * is behind must not hide what was captured before. Of a machine that may only write, no word is taken for when it began:
 * whoever stole its key may say what he likes. What was there when it ended counts.
 */
function mayPublish(writer: Writer, header: PlaceInOrder, generation: number): boolean {
  const { access, names, untilGeneration, last } = writer;
  if (access === 'full') return untilGeneration === undefined || generation <= untilGeneration;
  if (!names.some((pattern) => matcherOf(pattern)(header.name))) return false;
  return last === undefined || last.some((place) => place.name === header.name && isUpTo(place, header));
}

/** The order of a name's images (SPEC.md, section 9). */
function isUpTo(last: PlaceInOrder, { sequence, createdMs, pubId }: PlaceInOrder): boolean {
  return (
    sequence < last.sequence ||
    (sequence === last.sequence &&
      (createdMs < last.createdMs || (createdMs === last.createdMs && pubId <= last.pubId)))
  );
}
