/** `doppel key`: who can open a store with keys. What each command does is in keys/. */
import type { Command } from 'commander';
import { importKey } from '../keys/import.js';
import { addNewSecretOptions, type NewSecretOptions } from '../keys/key-options.js';
import { type ExportOptions, exportKey } from '../keys/paper.js';
import {
  type AddOptions,
  addKey,
  changeKey,
  listKeys,
  removeKey,
  rotateKeys,
  WHAT_ROTATION_DOES_NOT,
} from '../keys/slots.js';
import { lockStore, trustStore, unlockStore } from '../keys/unlocking.js';
import { collectPath, parseDuration } from '../option-values.js';
import type { StartSession } from '../session.js';

const EIGHT_HOURS_MS = 8 * 3600 * 1000;

export function define(command: Command, start: StartSession): void {
  command
    .description('Show and change who can open a store with keys ("doppel init --encrypt" makes one).')
    .addHelpText(
      'after',
      `
A store with keys is opened by --key-file, --passphrase-file or --passphrase-command; else by
DOPPEL_KEY_FILE, DOPPEL_PASSPHRASE_FILE, DOPPEL_PASSPHRASE or DOPPEL_PASSPHRASE_COMMAND; else by what
"doppel key unlock" has left; else the terminal is asked. The first of them counts. Changing keys
writes no data anew.`,
    );
  defineSlots(command, start);
  definePaper(command, start);
  defineUnlocking(command, start);
}

function defineSlots(command: Command, start: StartSession): void {
  command
    .command('ls')
    .description('List the keys: what opens the store, and what each may do.')
    .action(() => start(listKeys));
  addNewSecretOptions(
    command
      .command('add')
      .description('Add a passphrase, or a key file, that opens the store.')
      .argument('[label]', 'what to call it')
      .option('--write-only <name>', 'for a machine of this name, which may add images and read none')
      .option(
        '--names <pattern>',
        'names of images that it may add; may be repeated (default: its own)',
        collectPath,
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  doppel key add laptop
  doppel key add backup --new-key-file /root/doppel.key
  doppel key add --write-only web --new-key-file web.key --names 'web' --names 'web-*'`,
    )
    .action((label: string | undefined, options: AddOptions) =>
      start((session) => addKey(session, label, options)),
    );
  command
    .command('rm')
    .description('Take a key away: it opens the store no more.')
    .argument('<key>', 'its label, or the start of its id')
    .addHelpText('after', '\nExample:\n  doppel key rm laptop')
    .action((which: string) => start((session) => removeKey(session, which)));
  addNewSecretOptions(
    command.command('change').description('Put a new passphrase, or key file, in place of the one in use.'),
  )
    .addHelpText(
      'after',
      `
Examples:
  doppel key change
  doppel key change --kdf argon2id

The new passphrase is guarded as well as doppel guards them today, also when it is the old one.`,
    )
    .action((options: NewSecretOptions) => start((session) => changeKey(session, options)));
  command
    .command('rotate')
    .description('Seal and sign with new keys from now on; all who can open the store get them.')
    .addHelpText(
      'after',
      `\n${WHAT_ROTATION_DOES_NOT}\n\nExample:\n  doppel key rm old-laptop && doppel key rotate`,
    )
    .action(() => start(rotateKeys));
}

function definePaper(command: Command, start: StartSession): void {
  command
    .command('export')
    .description('Add a key and print it, to be kept on paper. Standard output gets the secret.')
    .argument('[label]', 'what to call it (default: paper)')
    .option('--qr', 'print a QR code, too')
    .option('--svg <file>', 'write the QR code to this new file, as a picture')
    .addHelpText(
      'after',
      '\nExamples:\n  doppel key export --qr | lp\n  doppel key export safe --svg safe.svg',
    )
    .action((label: string | undefined, options: ExportOptions) =>
      start((session) => exportKey(session, label, options)),
    );
  command
    .command('import')
    .description('Make a key file of a key that was printed: typed, scanned or piped in.')
    .argument('<new-key-file>', 'the file to make')
    .option('--read <file>', 'where the key stands, such as a saved sheet, or - (default: it is typed)')
    .addHelpText(
      'after',
      '\nExamples:\n  doppel key import my.key\n  doppel key import my.key --read sheet.txt',
    )
    .action((path: string, { read }: { readonly read?: string }) =>
      start((session) => importKey(session, path, read)),
    );
}

function defineUnlocking(command: Command, start: StartSession): void {
  command
    .command('unlock')
    .description('Open the store for later commands of this user, which then need no passphrase.')
    .option(
      '--for <duration>',
      'for how long, such as 30m or 8h (default: 8h)',
      parseDuration,
      EIGHT_HOURS_MS,
    )
    .addHelpText(
      'after',
      `
The key is kept in the user's runtime folder (XDG_RUNTIME_DIR, in memory, for this user alone), until
its time is over, "doppel key lock", or the end of the login.

Examples:
  doppel key unlock --for 1h
  doppel key unlock --passphrase-command 'pass show doppel'`,
    )
    .action((options: { readonly for: number }) => start((session) => unlockStore(session, options.for)));
  command
    .command('lock')
    .description('End what "doppel key unlock" began.')
    .option('--all', 'of all stores')
    .action(({ all }: { readonly all?: true }) => start((session) => lockStore(session, all === true)));
  command
    .command('trust')
    .description('Take the store as it is now, whatever this client has seen before.')
    .addHelpText(
      'after',
      `
doppel remembers what it saw of a store with keys, and writes nothing to one that shows an older state,
another owner, or no keys any more. After the store was restored from a backup, or replaced, on
purpose, this makes it be trusted again. A client that never saw the store cannot tell.`,
    )
    .action(() => start(trustStore));
}
