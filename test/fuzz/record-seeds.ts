/** A sound payload of every kind of record, with the key it stands under; manifests with all that a header may hold. */
import { blake3 } from '../../src/hashing/blake3.js';
import {
  encodeManifest,
  encodeTombstone,
  type ManifestHeader,
  type RecordKind,
} from '../../store-format/index.js';
import { hexBlock, jsonBlock } from '../format/spec-document.js';

const ID16 = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const ID32 = 'b2'.repeat(32);

interface RecordSeed {
  readonly key: string;
  readonly payload: object;
}

export const RECORD_SEEDS: Readonly<Partial<Record<RecordKind, RecordSeed>>> = {
  config: {
    key: 'config/0000000001',
    payload: {
      ...jsonBlock('config').payload,
      listDelayMs: 5,
      settings: { level: 3, cache: 'on', fast: true },
      policies: {
        'web*': { last: 3, daily: 7, withinMs: 86_400_000, tags: ['golden'], labels: { site: 'lab' } },
      },
    },
  },
  key: {
    key: `keys/${ID16}`,
    payload: {
      id: ID16,
      kdf: jsonBlock('key-slots').slots[0].kdf,
      sealed: jsonBlock('key-slots').slots[0].sealed,
    },
  },
  name: { key: jsonBlock('name-record').key, payload: jsonBlock('name-record').payload },
  mark: { key: jsonBlock('mark').key, payload: jsonBlock('mark').payload },
  lease: {
    key: `leases/${ID16}`,
    payload: {
      ...{ id: ID16, purpose: 'capture', kept: 'beat', startedMs: 1, host: 'h', pid: 2, command: 'capture' },
      ...{ images: [ID16, 'c3'.repeat(16)], beat: 3 },
    },
  },
  pin: { key: `pins/${ID16}`, payload: { id: ID16, createdMs: 1, reason: 'overlay', images: [ID16] } },
  condemned: { key: `condemned/${ID32}`, payload: { pack: ID32, gc: ID16, atMs: 1 } },
  gc: {
    key: 'gc/0000000002',
    payload: {
      ...{ lease: ID16, startedMs: 1 },
      finished: { atMs: 2, condemnedPacks: 1, unlinkedPacks: 1, rewrittenBytes: 0, freedBytes: 2 ** 40 },
    },
  },
  lost: {
    key: `lost/${ID16}`,
    payload: {
      id: ID16,
      atMs: 1,
      entries: [
        { kind: 1, id: ID32 },
        { kind: 2, id: ID32 },
      ],
    },
  },
  damaged: { key: `damaged/${ID32}`, payload: { pack: ID32, atMs: 1, reason: 'bad sector' } },
  attestation: {
    key: `attested/${ID16}`,
    payload: { lease: ID16, atMs: 1, depth: 'decoded', packs: [ID32, ID32] },
  },
};

/** Of a store with keys; what is left out of the example stands for any hex. */
export function keyedConfigPayload(): object {
  const { payload } = jsonBlock('keyed-config');
  const [[slot, grant]] = Object.entries(payload.encryption.grants) as [[string, object]];
  const grants = { [slot]: { ...grant, sealed: 'ab'.repeat(64) } };
  return { ...payload, sealed: 'cd'.repeat(200), encryption: { ...payload.encryption, grants } };
}

export const tombstoneSeeds = (): Buffer[] => [
  hexBlock('tombstone'),
  encodeTombstone(jsonBlock('tombstone').tombstone, blake3),
];

export function manifestSeeds(): Buffer[] {
  const { header } = jsonBlock('manifest');
  const attachments = [4, 7].map((kind) => ({ kind, id: Buffer.alloc(32, 2) }));
  const full: ManifestHeader = {
    ...header,
    ...{
      size: 3 * 2 ** 28,
      sha256: ID32,
      description: 'weekly',
      parent: ID16,
      badBytes: 512,
      badRanges: '02'.repeat(32),
    },
    source: { ...header.source, model: 'Disk', serial: 'S1' },
    sketch: [{ offset: 4096, length: 34, id: 'b6d0b98775665efe' }],
    layout: {
      ...{ table: 'gpt', sectorSize: 512, diskId: 'd1', notes: ['odd'] },
      partitions: [
        {
          ...{
            number: 1,
            offset: 2 ** 20,
            size: 2 ** 26,
            type: 'C12A7328',
            typeName: 'EFI System',
            uuid: 'u',
          },
          ...{
            name: 'esp',
            bootable: true,
            fileSystem: { type: 'vfat', uuid: 'ABCD-1234', label: 'ESP', size: 2 ** 26 },
          },
        },
      ],
    },
  };
  const pageIds = Array.from({ length: 3 }, (_, i) => Buffer.alloc(32, i));
  return [hexBlock('manifest'), encodeManifest({ header: full, pageIds, attachments }, blake3)];
}
