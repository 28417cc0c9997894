/**
 * Asks the probes about one volume. The first answer counts. Where a second one matches too (a volume formatted anew without
 * wiping), blkid refuses to answer; here the first is taken and the second becomes a note. Below a RAID, LVM or encryption
 * layer nothing more is asked: those bytes belong to somebody else.
 */

import type { FileSystem } from '../../store-format/disk-layout.js';
import type { Volume } from './disk-bytes.js';
import type { Notes } from './notes.js';
import { PROBES } from './probes/index.js';
import type { Probe } from './probes/probe.js';

export interface Finding {
  readonly fileSystem: FileSystem;
  readonly probe: Probe;
}

/** `what` names the volume in notes. Never rejects. */
export async function findFileSystem(
  volume: Volume,
  what: string,
  notes: Notes,
): Promise<Finding | undefined> {
  let first: Finding | undefined;
  for (const probe of PROBES) {
    const fileSystem = await ask(probe, volume, what, notes);
    if (!fileSystem) continue;
    if (probe.isMember && !first) return { fileSystem, probe };
    if (first)
      notes.add(
        `${what} also carries the signature of ${fileSystem.type}; ${first.fileSystem.type} was taken`,
      );
    first ??= { fileSystem, probe };
  }
  return first;
}

async function ask(
  probe: Probe,
  volume: Volume,
  what: string,
  notes: Notes,
): Promise<FileSystem | undefined> {
  try {
    return await probe.find(volume);
  } catch {
    notes.add(`${what} could not be examined for ${probe.name}`);
    return undefined;
  }
}
