import { type Config, FORMAT_VERSION } from '../../store-format/index.js';
import type { StoreInfo } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';

/** What users are told about a store as a whole. */
export function storeInfo(objects: ObjectStore, config: Config): StoreInfo {
  return {
    id: config.storeId,
    location: objects.location,
    format: `0.${FORMAT_VERSION}`,
    created: new Date(config.createdMs),
    readOnly: objects.readOnly,
    hash: config.hash,
    chunker: { ...config.chunker },
    features: config.features,
  };
}
