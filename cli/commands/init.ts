/** `doppel init`: makes a store. */
import type { Command } from 'commander';
import type { EncryptOptions, InitOptions, StoreInfo } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { kdfOption } from '../keys/key-options.js';
import { integerBetween, parseSize } from '../option-values.js';
import { UsageError } from '../report-error.js';
import { withNewSecret } from '../secrets/new-secret.js';
import type { Session, StartSession } from '../session.js';
import { renderFields } from '../table.js';

interface Options {
  readonly minChunk?: number;
  readonly avgChunk?: number;
  readonly maxChunk?: number;
  readonly level?: number;
  readonly encrypt?: true;
  readonly kdf?: EncryptOptions['kdf'];
}

export function define(command: Command, start: StartSession): void {
  command
    .description('Make a new store. Chunk sizes cannot be changed later.')
    .argument('[store]', 'the folder to make (default: the one that --store or DOPPEL_STORE names)')
    .option('--min-chunk <size>', 'smallest chunk (default: 4K)', parseSize)
    .option('--avg-chunk <size>', 'average chunk (default: 16K)', parseSize)
    .option('--max-chunk <size>', 'largest chunk (default: 64K)', parseSize)
    .option('--level <n>', 'zstd level of the store, 1 to 19 (default: 2)', integerBetween(1, 19))
    .option('--encrypt', 'give the store keys: what it holds is sealed and signed')
    .addOption(kdfOption())
    .addHelpText(
      'after',
      `
Examples:
  doppel init
  doppel init /srv/images --level 6
  doppel init /mnt/elsewhere --encrypt
  doppel init /mnt/elsewhere --encrypt --key-file ~/.config/doppel.key

With --encrypt the passphrase is asked for, or comes from --passphrase-file, --passphrase-command or
DOPPEL_PASSPHRASE; --key-file makes a new key file instead. Without passphrase and keys nobody can
read the store, not even you: "doppel key export" prints a key to keep on paper.`,
    )
    .action((path: string | undefined, options: Options) => start((session) => init(session, path, options)));
}

async function init(session: Session, path: string | undefined, options: Options): Promise<ExitCode> {
  if (path === '') throw new UsageError('The name of the store is empty');
  const { initStore } = await session.library();
  const location = path ?? session.storePath;
  const wishes = wishesOf(options);
  const info = options.encrypt
    ? await initWithKeys(session, options, (encrypt) => initStore(location, { ...wishes, encrypt }))
    : await initWithoutKeys(session, options, () => initStore(location, wishes));
  await session.print(info, () => describe(info));
  return EXIT.done;
}

async function initWithKeys(
  { secrets }: Session,
  { kdf }: Options,
  make: (encrypt: EncryptOptions) => Promise<StoreInfo>,
): Promise<StoreInfo> {
  const ways = '--passphrase-file, --passphrase-command or --key-file';
  return withNewSecret({ source: secrets.source, ways, ...(kdf && { kdf }) }, make);
}

/** Whoever names a key or passphrase means to be guarded by it. */
async function initWithoutKeys(
  { secrets, remark }: Session,
  { kdf }: Options,
  make: () => Promise<StoreInfo>,
): Promise<StoreInfo> {
  if (kdf !== undefined) throw new UsageError('--kdf goes with --encrypt');
  if (secrets.areOfOptions) throw new UsageError(`${secrets.source!.from} goes with --encrypt`);
  const info = await make();
  if (secrets.source !== undefined)
    remark(
      `Warning: ${secrets.source.from} is set, and this store has no keys: --encrypt gives a store keys.`,
    );
  return info;
}

function wishesOf({ minChunk, avgChunk, maxChunk, level }: Options): InitOptions {
  return {
    ...(minChunk !== undefined && { minChunkBytes: minChunk }),
    ...(avgChunk !== undefined && { averageChunkBytes: avgChunk }),
    ...(maxChunk !== undefined && { maxChunkBytes: maxChunk }),
    ...(level !== undefined && { level }),
  };
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
      ['keys', info.features.read.includes('sealed') ? 'yes: what is stored is sealed' : undefined],
    ])
  );
}
