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

/** The header with whose signature stood on the manifest: that is never stored, so what stands there counts for nothing. */
export function signedBy(parts: ManifestParts, signer: Writer): ManifestParts {
  const header = decodePayload(parts.header, ManifestHeaderSchema, 'manifest');
  const { name: writer, publicKey: key, access } = signer;
  const known = { ...header, signedBy: { writer, key, access, allowed: mayPublish(signer, header) } };
  return { ...parts, header: encodePayload(known) };
}

/**
 * A capture that had begun when its writer's key was changed for another ends well. When it began is its writer's word:
 * whoever stole an ended key can set the clock back (SECURITY.md, "Where it ends").
 */
function mayPublish(
  { access, names, untilMs }: Writer,
  { name, startedMs }: Pick<ManifestHeader, 'name' | 'startedMs'>,
): boolean {
  if (untilMs !== undefined && startedMs > untilMs) return false;
  return access === 'full' || names.some((pattern) => matcherOf(pattern)(name));
}
