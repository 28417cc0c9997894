import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from '../system/native-extensions.js';

export type Unlock = () => Promise<void>;

const POLL_MS = 2;

/** An OS lock: it goes with its process. @returns undefined when somebody else holds it */
export async function lock(path: string): Promise<Unlock | undefined> {
  const file = await open(path, 'a+');
  try {
    if (tryLock(file.fd)) return () => file.close();
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** Runs `work` under a lock that others hold for moments only. @throws when one holds it for `waitMs` */
export async function withLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const unlock = await lock(path);
    if (unlock !== undefined) return work().finally(unlock);
    if (performance.now() > deadline) throw new Error(`${path} stays locked`);
    await delay(POLL_MS);
  }
}
