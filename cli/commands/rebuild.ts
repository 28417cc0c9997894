/** `doppel rebuild`: makes the chunk index anew from the packs. */
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatDuration } from '../format.js';
import type { Session, StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Make the chunk index anew from the packs. Nothing else of the store is touched.')
    .action(() => start(rebuild));
}

async function rebuild(session: Session): Promise<ExitCode> {
  const store = await session.openStore();
  const result = await store.rebuildIndex(await session.operation());
  const { packs, entries, damagedPacks, seconds } = result;
  await session.print(result, () => {
    const damaged = damagedPacks.map((key) => `Damaged, its entries are not in the index: ${key}\n`);
    const done = `${countOf(packs, 'pack')}, ${entries === 1 ? '1 entry' : `${entries} entries`}`;
    return `Index made from ${done} in ${formatDuration(seconds)}\n${damaged.join('')}`;
  });
  return damagedPacks.length > 0 ? EXIT.damage : EXIT.done;
}
