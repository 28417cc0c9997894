import { type LeaseId, type ManifestHeader, toHex } from '../../store-format/index.js';
import type { OpenContents } from '../contents/open-contents.js';
import type { Engine } from '../engine/engine.js';
import { sequenceOf } from '../intake/publish-image.js';
import type { Image } from '../interface.js';
import type { WrittenImage } from './image-to-copy.js';

/**
 * The header of a copy. What it says of the disk, its capture and the words that people gave it stays; what it says of the
 * store it stands in is new.
 */
export async function copiedHeader(
  { manifest, image }: OpenContents,
  target: Engine,
  lease: LeaseId,
  written: WrittenImage,
  there: readonly Image[],
): Promise<ManifestHeader> {
  const { header } = manifest;
  const { imageId, name, startedMs, createdMs, size, digest, sha256, description } = header;
  const { source, layout, badBytes, writer } = header;
  const [badRanges] = written.attachments;
  const tag = tagOf(header, image, there);
  const { sketch, parent, storedBytes } = written;
  return {
    imageId,
    pubId: lease,
    name,
    sequence: await sequenceOf(target, name),
    startedMs,
    createdMs,
    size,
    digest,
    ...(sha256 === undefined ? {} : { sha256 }),
    chunker: target.chunkerFingerprint,
    ...(tag === undefined ? {} : { tag }),
    labels: { ...image.labels },
    ...(description === undefined ? {} : { description }),
    source,
    layout,
    badBytes,
    ...(badRanges === undefined ? {} : { badRanges: toHex(badRanges.id) }),
    stats: { ...written.counts, storedBytes },
    ...(parent === undefined ? {} : { parent }),
    ...(sketch === undefined ? {} : { sketch: [...sketch] }),
    writer,
  };
}

/** The tag of the capture; not where that would take it from an image of the target, after the source has moved it on. */
function tagOf({ tag, name }: ManifestHeader, image: Image, there: readonly Image[]): string | undefined {
  if (tag === undefined || image.tags.includes(tag)) return tag;
  const isTaken = there.some((other) => other.name === name && other.tags.includes(tag));
  return isTaken ? undefined : tag;
}
