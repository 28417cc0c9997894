/** `doppel config`: settings of the store that can be changed. */
import type { Command } from 'commander';
import type { Setting } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Session, StartSession } from '../session.js';
import { renderTable } from '../table.js';

export function define(command: Command, start: StartSession): void {
  command.description('Show or change settings of the store.');
  command
    .command('get')
    .description('Show one setting, or all.')
    .argument('[setting]', 'name of the setting')
    .action((name: string | undefined) =>
      start((session) => (name === undefined ? listSettings(session) : showSetting(session, name))),
    );
  command
    .command('set')
    .description('Change a setting.')
    .argument('<setting>', 'name of the setting')
    .argument('<value>', 'its new value')
    .addHelpText('after', '\nExample:\n  doppel config set level 6')
    .action((name: string, value: string) => start((session) => changeSetting(session, name, value)));
}

async function listSettings(session: Session): Promise<ExitCode> {
  const settings = await (await session.openStore()).settings();
  await session.print(settings, () =>
    renderTable(
      [{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'DEFAULT' }, { title: 'WHAT IT IS' }],
      settings.map((setting) => [
        setting.name,
        String(setting.value),
        String(setting.defaultValue),
        setting.description,
      ]),
    ),
  );
  return EXIT.done;
}

async function showSetting(session: Session, name: string): Promise<ExitCode> {
  const settings = await (await session.openStore()).settings();
  const setting = settings.find((candidate) => candidate.name === name);
  if (setting === undefined) {
    const { StoreError } = await session.library();
    const names = settings.map((candidate) => candidate.name).join(', ');
    throw new StoreError('bad-setting', `There is no setting "${name}"; the settings are: ${names}`);
  }
  await session.print(setting, () => `${setting.value}\n`);
  return EXIT.done;
}

async function changeSetting(session: Session, name: string, value: string): Promise<ExitCode> {
  const setting: Setting = await (await session.openStore()).changeSetting(name, value);
  await session.print(setting, () => `${setting.name} is now ${setting.value}\n`);
  return EXIT.done;
}
