/** LUKS 1 and 2. The UUID stands in the header as text; only version 2 has a label. The backup header is not looked for. */

import { known, readText } from '../field-formats.js';
import type { Probe } from './probe.js';

const HEADER_BYTES = 512;
const MAGIC = 'LUKS\xba\xbe';
const UUID_OFFSET = 168;
const UUID_BYTES = 40;
const LABEL_OFFSET = 24;
const LABEL_BYTES = 48;
/** Version 2: where this header itself is; a primary one is at 0. */
const OWN_OFFSET = 256;

export const luks: Probe = {
  name: 'luks',
  isMember: true,
  async find(volume) {
    const header = await volume.bytes(0, HEADER_BYTES);
    if (!header || header.toString('latin1', 0, 6) !== MAGIC) return undefined;
    const version = header.readUInt16BE(6);
    const isPrimary = version === 1 || (version === 2 && header.readBigUInt64BE(OWN_OFFSET) === 0n);
    if (!isPrimary) return undefined;
    return known({
      type: 'crypto_LUKS',
      uuid: readText(header.subarray(UUID_OFFSET, UUID_OFFSET + UUID_BYTES)),
      label: version === 2 ? readText(header.subarray(LABEL_OFFSET, LABEL_OFFSET + LABEL_BYTES)) : undefined,
    });
  },
};
