/** `doppel init`: makes a store. */
import type { Command } from 'commander';
import type { StoreInfo } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { integerBetween, parseSize } from '../option-values.js';
import { UsageError } from '../report-error.js';
import type { Session, StartSession } from '../session.js';
import { renderFields } from '../table.js';

interface Options {
  readonly minChunk?: number;
  readonly avgChunk?: number;
  readonly maxChunk?: number;
  readonly level?: number;
}

export function define(command: Command, start: StartSession): void {
  command
    .description('Make a new store. Chunk sizes cannot be changed later.')
    .argument('[store]', 'the folder to make (default: the one that --store or DOPPEL_STORE names)')
    .option('--min-chunk <size>', 'smallest chunk (default: 4K)', parseSize)
    .option('--avg-chunk <size>', 'average chunk (default: 16K)', parseSize)
    .option('--max-chunk <size>', 'largest chunk (default: 64K)', parseSize)
    .option('--level <n>', 'zstd level of the store, 1 to 19 (default: 2)', integerBetween(1, 19))
    .addHelpText('after', '\nExamples:\n  doppel init\n  doppel init /srv/images --level 6')
    .action((path: string | undefined, options: Options) => start((session) => init(session, path, options)));
}

async function init(session: Session, path: string | undefined, options: Options): Promise<ExitCode> {
  if (path === '') throw new UsageError('The name of the store is empty');
  const { initStore } = await session.library();
  const { minChunk, avgChunk, maxChunk, level } = options;
  const info = await initStore(path ?? session.storePath, {
    ...(minChunk !== undefined && { minChunkBytes: minChunk }),
    ...(avgChunk !== undefined && { averageChunkBytes: avgChunk }),
    ...(maxChunk !== undefined && { maxChunkBytes: maxChunk }),
    ...(level !== undefined && { level }),
  });
  await session.print(info, () => describe(info));
  return EXIT.done;
}

function describe(info: StoreInfo): string {
  const chunker = Object.entries(info.chunker).map(([key, value]) => `${key} ${value}`);
  return (
    `Made store ${info.location}\n` +
    renderFields([
      ['id', info.id],
      ['format', info.format],
      ['hash', info.hash],
      ['chunker', chunker.join(', ')],
    ])
  );
}
