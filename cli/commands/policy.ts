/** `doppel policy`: what a prune keeps of which names, kept in the store for all who use it. */
import type { Command } from 'commander';
import type { StoredPolicy } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { printableLine } from '../printable.js';
import { UsageError } from '../report-error.js';
import {
  addKeepOptions,
  KEEP_RULES_HELP,
  type KeepOptions,
  policyFrom,
  policyText,
} from '../retention-options.js';
import type { Session, StartSession } from '../session.js';
import { renderTable } from '../table.js';

export function define(command: Command, start: StartSession): void {
  command.description('Show or change which images "doppel prune" keeps.').addHelpText(
    'after',
    `
For a name holds one policy: that of exactly this name, else that of the longest pattern that matches it (of equally
long ones the first by alphabet). Names that none matches are left alone.`,
  );
  addKeepOptions(
    command
      .command('set')
      .description('Set the policy of a name or of a pattern, in place of the one that it had.')
      .argument('<pattern>', 'a name, or a pattern of names such as "web*", or "*" for all'),
  )
    .addHelpText(
      'after',
      `${KEEP_RULES_HELP}

Examples:
  doppel policy set '*' --keep-daily 7 --keep-weekly 5 --keep-monthly 12
  doppel policy set web-golden --keep-last 3 --keep-tag released`,
    )
    .action((pattern: string, options: KeepOptions) =>
      start((session) => setPolicy(session, pattern, options)),
    );
  command
    .command('show')
    .description('Show the policies, the first that matches a name being the one for it; or one of them.')
    .argument('[policy]', 'pattern of a policy, or a name: the policy that is for it')
    .action((name: string | undefined) => start((session) => showPolicies(session, name)));
  command
    .command('rm')
    .description('Take the policy of a pattern away.')
    .argument('<policy>', 'pattern of the policy')
    .action((pattern: string) => start((session) => removePolicy(session, pattern)));
}

async function setPolicy(session: Session, pattern: string, options: KeepOptions): Promise<ExitCode> {
  const policy = policyFrom(options);
  if (policy === undefined) throw new UsageError('A policy needs at least one --keep option');
  const stored = await (await session.openStore()).setPolicy(pattern, policy);
  await session.print(stored, () => `${sentenceOf(stored)}\n`);
  return EXIT.done;
}

async function showPolicies(session: Session, name: string | undefined): Promise<ExitCode> {
  const store = await session.openStore();
  if (name !== undefined) {
    const stored = await store.policy(name);
    await session.print(stored, () => `${sentenceOf(stored)}\n`);
    return EXIT.done;
  }
  const policies = await store.policies();
  await session.print(policies, () =>
    policies.length === 0
      ? ''
      : renderTable(
          [{ title: 'NAMES' }, { title: 'KEEP' }],
          policies.map(({ pattern, policy }) => [pattern, policyText(policy)]),
        ),
  );
  if (policies.length === 0 && !session.json) session.remark('No policies.');
  return EXIT.done;
}

async function removePolicy(session: Session, pattern: string): Promise<ExitCode> {
  const removed = await (await session.openStore()).removePolicy(pattern);
  await session.print(removed, () => printableLine(`Policy "${removed.pattern}" is gone`).concat('\n'));
  return EXIT.done;
}

function sentenceOf({ pattern, policy }: StoredPolicy): string {
  return printableLine(`Of "${pattern}" is kept: ${policyText(policy)}`);
}
