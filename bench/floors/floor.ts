/**
 * Floors: what the plainest program needs for a part of the same work, in the same run on the same machine. A figure of
 * doppel's says most beside one of these.
 */
import { constants } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Measured, measure } from '../measure.js';
import type { Command } from '../tool.js';
import { warmUp } from '../warm-up.js';

export interface Floor {
  readonly name: string;
  /** @param folder empty, made for this measurement */
  command(folder: string): Command;
  /** What it reads. */
  readonly files: readonly string[];
  /** Memory that it may use, the page cache for what it writes included. */
  readonly memoryBytes: number;
  /** Data that goes through, the zeros of holes not counted. */
  readonly dataBytes: number;
}

export interface FloorResult extends Measured {
  readonly name: string;
  readonly dataBytes: number;
}

/** Floors whose program is here; the others are named. */
export async function installedFloors(
  floors: readonly Floor[],
  say: (line: string) => void,
): Promise<readonly Floor[]> {
  const found: Floor[] = [];
  for (const floor of floors) {
    const { program } = floor.command('.');
    if (await isInstalled(program)) found.push(floor);
    else say(`NOT MEASURED: ${floor.name}: ${program} is not installed`);
  }
  return found;
}

async function isInstalled(program: string): Promise<boolean> {
  if (program.includes('/')) return true;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** @param folder does not exist yet, and is removed again */
export async function measureFloor(floor: Floor, folder: string): Promise<FloorResult> {
  await mkdir(folder);
  try {
    await warmUp(floor);
    const measured = await measure(floor.command(folder));
    return { name: floor.name, dataBytes: floor.dataBytes, ...measured };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
