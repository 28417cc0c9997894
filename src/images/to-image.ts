/** Images as users see them: what the manifest's header says, and what was said about the image since. */
import type { ManifestHeader, NameRecord } from '../../store-format/index.js';
import type { Image } from '../interface.js';
import { emptyRecord } from './name-records.js';

/** @param tags those of the image's name, with the images that they point to */
export function toImage(
  header: ManifestHeader,
  record: NameRecord,
  tags: ReadonlyMap<string, string>,
  removed: boolean,
): Image {
  const { stats, source } = header;
  return {
    id: header.imageId,
    name: header.name,
    sequence: header.sequence,
    tags: [...tags]
      .filter(([, image]) => image === header.pubId)
      .map(([tag]) => tag)
      .sort(),
    labels: record.labels[header.pubId] ?? header.labels,
    ...(header.description === undefined ? {} : { description: header.description }),
    started: new Date(header.startedMs),
    created: new Date(header.createdMs),
    size: header.size,
    usedBytes: header.size - stats.zeroBytes,
    newBytes: stats.newBytes,
    storedBytes: stats.storedBytes,
    chunks: stats.chunks,
    newChunks: stats.newChunks,
    digest: header.digest,
    ...(header.sha256 === undefined ? {} : { sha256: header.sha256 }),
    source: {
      kind: source.kind,
      path: source.path,
      host: source.host,
      ...(source.model === undefined ? {} : { model: source.model }),
      ...(source.serial === undefined ? {} : { serial: source.serial }),
      sectorSize: source.sectorSize,
    },
    layout: header.layout,
    badBytes: header.badBytes,
    removed,
    protected: record.protected.includes(header.pubId),
    publication: header.pubId,
    ...(header.parent === undefined ? {} : { parent: header.parent }),
    writer: header.writer,
    ...(header.signedBy === undefined ? {} : { signedBy: header.signedBy }),
  };
}

/** An image that has just been published: nobody has said more about it than its header. */
export function newImage(header: ManifestHeader): Image {
  const tags = new Map(header.tag === undefined ? [] : [[header.tag, header.pubId]]);
  return toImage(header, emptyRecord(header.name), tags, false);
}
