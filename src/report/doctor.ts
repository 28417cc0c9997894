/**
 * Doctor: who works with the store, what waits in it, what cannot be read. It changes nothing and takes no lease. It
 * reads listings, records and manifests' headers; packs are counted and not read, so it takes as long as `ls` does.
 */
import {
  AttestationSchema,
  CondemnedSchema,
  DamagedSchema,
  LostSchema,
  PinSchema,
  type PubId,
  packKey,
  parseLeaseId,
  parseMark,
  parsePackId,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { Findings } from '../engine/findings.js';
import { requireId } from '../engine/leases.js';
import { storeInfo } from '../engine/store-info.js';
import { ImageLibrary } from '../images/image-library.js';
import { strayHint } from '../images/stray-hint.js';
import type { DoctorReport, Image, LostImageRange, PinReport, Problem } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { listPacks, type PackListing } from '../packs/list-packs.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { versions } from '../versions.js';
import { reportGc } from './gc-report.js';
import { health } from './health.js';
import { hintsOf } from './hints.js';
import { keptImageNames } from './kept-images.js';
import { type NameKept, reportLeases } from './lease-reports.js';

/** Small look-ups in flight at a time. */
const CONCURRENCY = 16;

export async function doctor(engine: Engine): Promise<DoctorReport> {
  const { objects, config, configDamage } = engine;
  const findings = new Findings();
  if (configDamage !== undefined) findings.add(configDamage);
  const images = await lookAtImages(engine, findings);
  const leases = await findings.of(() => reportLeases(objects, images.nameKept, findings));
  const pins = await findings.of(() => reportPins(objects, images.nameKept, findings));
  const gc = await findings.of(() => reportGc(objects, findings));
  const packs = await findings.of(() => listPacks(objects));
  await readNotes(objects, findings);
  const temporaries = await findings.of(async () => objects.temporaries?.());
  const freeBytes = await findings.of(async () => objects.freeBytes?.());
  const fares = await findings.of(() => health(engine, images.all));
  for (const range of fares?.lost.ranges ?? []) findings.problems.push(lostRange(range));
  const newestMs = Math.max(0, ...images.all.map(({ created }) => created.getTime()));
  const seen = {
    leases: leases ?? [],
    gc: gc ?? {},
    ...(temporaries === undefined ? {} : { temporaries }),
    ...(fares === undefined ? {} : { health: fares }),
  };
  return {
    ...seen,
    store: storeInfo(objects, config),
    versions: versions(),
    ...(freeBytes === undefined ? {} : { freeBytes }),
    pins: pins ?? [],
    images: images.all.length - images.removed,
    ...(newestMs > 0 && { newestImage: new Date(newestMs) }),
    removedImages: images.removed,
    purgedImages: images.purged,
    condemned: await sizeOfCondemned(objects, packs),
    problems: findings.problems,
    hints: [...findings.hints, ...hintsOf(seen)],
  };
}

function lostRange({ image, offset, length }: LostImageRange): Problem {
  const message = `Image ${image} has lost ${length} bytes at byte ${offset}: a repair gave them up; a capture of the same content brings them back`;
  return { code: 'chunk-missing', message, image, offset, length };
}

interface ImagesSeen {
  readonly all: readonly Image[];
  readonly removed: number;
  readonly purged: number;
  readonly nameKept: NameKept;
}

async function lookAtImages(
  { objects, environment, memory }: Engine,
  findings: Findings,
): Promise<ImagesSeen> {
  // A library of its own: what cannot be read is a finding here, and no warning besides.
  const library = new ImageLibrary(objects, environment, () => {}, memory);
  const state = await findings.of(() => library.load());
  for (const error of state?.unreadable ?? []) findings.add(error);
  await checkNames(objects, 'images', parseLeaseId, findings);
  await checkNames(objects, 'removed', parseMark, findings);
  for (const { publication, name, signedBy, removed } of state?.strays ?? [])
    if (!removed)
      findings.hint(strayHint({ publication: publication as PubId, name, writer: signedBy!.writer }));
  const images = state?.images ?? [];
  const headers = state?.listing.headers ?? [];
  return {
    all: images,
    removed: images.filter(({ removed }) => removed).length,
    purged: headers.length - images.length - (state?.strays.length ?? 0),
    nameKept: keptImageNames(headers),
  };
}

/** A strange name in these folders stops gc: it may be a root of a kind that this version does not know. */
async function checkNames(
  objects: ObjectStore,
  folder: string,
  parse: (key: string) => unknown,
  findings: Findings,
): Promise<void> {
  const keys = (await findings.of(() => objects.list(folder))) ?? [];
  for (const key of keys) if (parse(key) === undefined) await findings.of(async () => requireId(key));
}

async function reportPins(
  objects: ObjectStore,
  nameKept: NameKept,
  findings: Findings,
): Promise<readonly PinReport[]> {
  await checkNames(objects, 'pins', parseLeaseId, findings);
  const keys = (await objects.list('pins')).filter((key) => parseLeaseId(key) !== undefined);
  const pins = await findings.records(objects, keys, 'pin', PinSchema);
  return pins
    .map(({ id, createdMs, reason, images }) => {
      return { id, created: new Date(createdMs), reason, images: images.map(nameKept) };
    })
    .sort((a, b) => a.created.getTime() - b.created.getTime() || (a.id < b.id ? -1 : 1));
}

/** Records of which others mostly read the keys alone: here their bytes are looked at. */
async function readNotes(objects: ObjectStore, findings: Findings): Promise<void> {
  const keysOf = async (folder: string, parse: (key: string) => unknown) => {
    const keys = await findings.of(() => objects.list(folder));
    return (keys ?? []).filter((key) => parse(key) !== undefined);
  };
  await findings.records(objects, await keysOf('condemned', parsePackId), 'condemned', CondemnedSchema);
  await findings.records(objects, await keysOf('damaged', parsePackId), 'damaged', DamagedSchema);
  await findings.records(objects, await keysOf('lost', parseLeaseId), 'lost', LostSchema);
  await findings.records(objects, await keysOf('attested', parseLeaseId), 'attestation', AttestationSchema);
}

async function sizeOfCondemned(
  objects: ObjectStore,
  packs: PackListing | undefined,
): Promise<DoctorReport['condemned']> {
  const condemned = [...(packs?.condemned ?? [])];
  const sizes = await mapConcurrently(condemned, CONCURRENCY, (id) => objects.size(packKey(id)));
  const present = sizes.filter((size) => size !== undefined);
  return {
    packs: present.length,
    bytes: present.reduce((sum, size) => sum + size, 0),
    withoutPack: sizes.length - present.length,
  };
}
