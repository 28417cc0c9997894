/** `doppel key unlock|lock|trust`: what a client keeps of a store with keys. */
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatTime } from '../format.js';
import { UsageError } from '../report-error.js';
import { removeUnlockedKeys, writeUnlockedKey } from '../secrets/unlocked-keys.js';
import type { Session } from '../session.js';

export async function unlockStore(session: Session, forMs: number): Promise<ExitCode> {
  if (forMs === 0) throw new UsageError('--for needs a time; "doppel key lock" locks at once');
  const store = await session.openStore({ unlock: (locked) => session.secrets.openerAnew(locked) });
  const keys = store.keys ?? (await session.openKeys());
  const until = new Date(Date.now() + forMs);
  const path = await writeUnlockedKey(store.info.id, { key: keys.text, until: until.getTime() });
  const document = { store: store.info.id, until, path };
  await session.print(
    document,
    () => `Store ${store.info.location} is unlocked until ${formatTime(until)}.\n`,
  );
  return EXIT.done;
}

export async function lockStore(session: Session, all: boolean): Promise<ExitCode> {
  const { identifyStore } = await session.library();
  const store = all ? undefined : (await identifyStore(session.storePath)).id;
  const locked = await removeUnlockedKeys(store);
  await session.print({ locked }, () =>
    locked.length === 0
      ? 'Nothing was unlocked.\n'
      : `Locked ${all ? countOf(locked.length, 'store') : `store ${session.storePath}`}.\n`,
  );
  return EXIT.done;
}

export async function trustStore(session: Session): Promise<ExitCode> {
  const store = await session.openStore({ trust: true });
  const images = await store.images();
  const { id, location } = store.info;
  const keys = store.keys === undefined ? 'no keys' : 'keys';
  await session.print(
    { store: id, location, images: images.length },
    () => `Store ${location} is taken as it is now: ${keys}, ${countOf(images.length, 'image')}.\n`,
  );
  return EXIT.done;
}
