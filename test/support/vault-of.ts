/** What a key file opens, for tests that write as its holder could. */

import type { Vault } from '../../src/encryption/vault.js';
import { readConfig } from '../../src/engine/config-records.js';
import { systemEnvironment } from '../../src/environment.js';
import { decodeSlotSecret } from '../../src/keys/slot-secret.js';
import { openVault, ownersConfigs } from '../../src/keys/unlock.js';
import { FolderStore } from '../../src/objects/folder-store.js';

export async function vaultOf(location: string, key: string): Promise<Vault> {
  const secret = decodeSlotSecret(key);
  const place = await FolderStore.open(location, 'test');
  const { config } = await readConfig(ownersConfigs(place, secret));
  return openVault(config, secret, systemEnvironment().random);
}
