/** `doppel version`: what this installation is made of. */
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Session, StartSession } from '../session.js';
import { renderFields } from '../table.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Show versions, and which parts are native code and which run in their portable form.')
    .action(() => start(showVersions));
}

async function showVersions(session: Session): Promise<ExitCode> {
  const { versions } = await session.library();
  const result = await versions();
  await session.print(
    result,
    () =>
      `doppel ${result.doppel}\n` +
      renderFields([
        ['store format', result.format],
        ['node', result.node],
        ['platform', result.platform],
        ...result.parts.map(
          ({ part, implementation, native }) =>
            [part, `${implementation} (${native ? 'native' : 'portable'})`] as const,
        ),
      ]),
  );
  return EXIT.done;
}
