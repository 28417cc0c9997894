import { type ManifestHeader, pubIdOf } from '../../store-format/index.js';
import { shortName } from '../images/short-name.js';
import type { NameKept } from './lease-reports.js';

/** Names for what leases and pins keep: purged images have one too, as long as their manifest stands. */
export function keptImageNames(headers: readonly ManifestHeader[]): NameKept {
  const names = new Map<string, string>(
    headers.map((header) => [pubIdOf(header), shortName({ name: header.name, id: header.imageId })]),
  );
  return (publication) => {
    const image = names.get(publication);
    return image === undefined ? { publication } : { publication, image };
  };
}
