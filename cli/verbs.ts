/**
 * The commands by group, in the order of `--help`. Each lives in a file of its own that is loaded only when it is asked
 * for: starting costs the same however many there are.
 */
import type { Command } from 'commander';
import type { StartSession } from './session.js';

export interface VerbModule {
  /** Adds arguments, options, help and the action. */
  readonly define: (command: Command, start: StartSession) => void;
}

export interface Verb {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly load: () => Promise<VerbModule>;
}

const DISKS = 'Disks and images:';
const LIBRARY = 'The library of images:';
const STORE = 'The store:';
export const COMMAND_GROUP = 'This command:';

export const VERBS: readonly Verb[] = [
  verb(DISKS, 'capture', 'store a disk as a new image', () => import('./commands/capture.js')),
  verb(DISKS, 'restore', 'write an image back', () => import('./commands/restore.js')),
  verb(DISKS, 'verify', 'check that images can be restored', () => import('./commands/verify.js')),
  verb(DISKS, 'digest', 'compute the digest of a disk', () => import('./commands/digest.js')),
  verb(LIBRARY, 'ls', 'list images', () => import('./commands/ls.js')),
  verb(LIBRARY, 'show', 'show all about one image', () => import('./commands/show.js')),
  verb(LIBRARY, 'diff', 'compare two images', () => import('./commands/diff.js')),
  verb(LIBRARY, 'tag', 'point a tag to an image', () => import('./commands/tag.js')),
  verb(LIBRARY, 'untag', 'take a tag away', () => import('./commands/untag.js')),
  verb(LIBRARY, 'label', 'set or take away labels', () => import('./commands/label.js')),
  verb(LIBRARY, 'rm', 'remove an image', () => import('./commands/rm.js')),
  verb(LIBRARY, 'undelete', 'bring a removed image back', () => import('./commands/undelete.js')),
  verb(LIBRARY, 'prune', 'remove images that a policy no longer keeps', () => import('./commands/prune.js')),
  verb(LIBRARY, 'policy', 'show or change what prune keeps', () => import('./commands/policy.js')),
  verb(LIBRARY, 'protect', 'guard an image against removal', () => import('./commands/protect.js')),
  verb(LIBRARY, 'unprotect', 'allow removal again', () => import('./commands/unprotect.js')),
  verb(STORE, 'init', 'make a new store', () => import('./commands/init.js')),
  verb(STORE, 'stats', 'what the store holds and saves', () => import('./commands/stats.js')),
  verb(STORE, 'gc', 'give back the space of removed images', () => import('./commands/gc.js')),
  verb(STORE, 'scrub', 'check every stored byte, and repair', () => import('./commands/scrub.js')),
  verb(
    STORE,
    'maintain',
    'prune, gc and a slice of scrub, for a timer',
    () => import('./commands/maintain.js'),
  ),
  verb(STORE, 'doctor', 'who works with the store, what is wrong', () => import('./commands/doctor.js')),
  verb(STORE, 'rebuild', 'make the chunk index anew', () => import('./commands/rebuild.js')),
  verb(STORE, 'key', 'passphrases and keys of the store', () => import('./commands/key.js')),
  verb(STORE, 'config', 'show or change settings', () => import('./commands/config.js')),
  verb(
    COMMAND_GROUP,
    'completion',
    'print a shell completion script',
    () => import('./commands/completion.js'),
  ),
  verb(COMMAND_GROUP, 'version', 'show versions and native parts', () => import('./commands/version.js')),
];

function verb(group: string, name: string, summary: string, load: Verb['load']): Verb {
  return { name, group, summary, load };
}
