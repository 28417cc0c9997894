/** All targets; and by name also the planted ones, which only who asks for them gets. */
import { PLANTS } from '../plants.js';
import type { Target } from '../target.js';
import { DISK_TARGETS } from './disks.js';
import { ENTRY_TARGETS } from './entries.js';
import { FRAME_TARGETS } from './frames.js';
import { PAYLOAD_TARGETS } from './payloads.js';
import { SEALED_TARGETS } from './sealed.js';
import { TEXT_TARGETS } from './texts.js';

export const TARGETS: readonly Target[] = [
  ...ENTRY_TARGETS,
  ...PAYLOAD_TARGETS,
  ...SEALED_TARGETS,
  ...TEXT_TARGETS,
  ...FRAME_TARGETS,
  ...DISK_TARGETS,
];

export function targetNamed(name: string): Target {
  const target = [...TARGETS, ...PLANTS].find((candidate) => candidate.name === name);
  if (target === undefined)
    throw new TypeError(`There is no target ${name}: ${TARGETS.map((known) => known.name)}`);
  return target;
}
