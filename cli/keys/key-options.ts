/** Options of commands that make a new slot. */
import { type Command, Option } from 'commander';
import type { NewKey } from '../../src/index.js';
import { UsageError } from '../report-error.js';
import type { NewSecretWishes } from '../secrets/new-secret.js';
import { sourceOfOptions } from '../secrets/secrets.js';

export interface NewSecretOptions {
  readonly newPassphraseFile?: string;
  readonly newPassphraseCommand?: string;
  readonly newKeyFile?: string;
  readonly kdf?: NewKey['kdf'];
}

export function kdfOption(): Option {
  return new Option(
    '--kdf <name>',
    'what makes a key of the passphrase; argon2id takes seconds (default: scrypt)',
  ).choices(['scrypt', 'argon2id']);
}

export function addNewSecretOptions(command: Command): Command {
  return command
    .option('--new-passphrase-file <file>', 'file or pipe whose first line is the new passphrase')
    .option('--new-passphrase-command <command>', 'shell command that prints the new passphrase')
    .option('--new-key-file <file>', 'make a key file instead of asking for a passphrase')
    .addOption(kdfOption());
}

/** Without one of these options the passphrase is asked for. @throws UsageError */
export function wishesOf(options: NewSecretOptions): NewSecretWishes {
  const { newKeyFile, newPassphraseFile, newPassphraseCommand, kdf } = options;
  const source = sourceOfOptions(
    {
      ...(newKeyFile !== undefined && { keyFile: newKeyFile }),
      ...(newPassphraseFile !== undefined && { passphraseFile: newPassphraseFile }),
      ...(newPassphraseCommand !== undefined && { passphraseCommand: newPassphraseCommand }),
    },
    '--new-',
  );
  if (source?.kind === 'key-file' && kdf !== undefined)
    throw new UsageError('--kdf goes with a passphrase: a key file needs none');
  const ways = '--new-passphrase-file, --new-passphrase-command or --new-key-file';
  return { source, ways, ...(kdf && { kdf }) };
}
