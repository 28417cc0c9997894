/** Whose an image is, and whether it may be: what a header says once its manifest was opened. */
import {
  decodePayload,
  encodePayload,
  type ManifestHeader,
  ManifestHeaderSchema,
  type ManifestParts,
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
 * A capture that had begun when its writer's key was changed for another ends well. By the generation, where a rotation ended
 * the writer: a clock that is behind must not hide what was captured before.
 */
function mayPublish(
  { access, names, untilMs, untilGeneration }: Writer,
  { name, startedMs }: Pick<ManifestHeader, 'name' | 'startedMs'>,
  generation: number,
): boolean {
  if (untilGeneration !== undefined && generation > untilGeneration) return false;
  if (untilGeneration === undefined && untilMs !== undefined && startedMs > untilMs) return false;
  return access === 'full' || names.some((pattern) => matcherOf(pattern)(name));
}
