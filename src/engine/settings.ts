import type { Config } from '../../store-format/index.js';
import { FRAME_MAX_BYTES, KIB, MIB } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { Setting } from '../interface.js';

/** What `doppel config` can change. The format does not depend on any of them. */
interface SettingRule {
  readonly defaultValue: number;
  readonly description: string;
  readonly min: number;
  readonly max: number;
}

const RULES = {
  level: { defaultValue: 2, min: 1, max: 19, description: 'zstd level of new frames' },
  frameBytes: {
    defaultValue: 2 * MIB,
    min: 64 * KIB,
    max: FRAME_MAX_BYTES,
    description: 'plain bytes of new chunks that are compressed together',
  },
  repackBelow: {
    defaultValue: 95,
    min: 0,
    max: 100,
    description: 'gc rewrites packs of which less than this percentage is needed',
  },
  removedGraceHours: {
    defaultValue: 0,
    min: 0,
    max: 100_000,
    description: 'hours for which gc leaves removed images, so that they can be undeleted',
  },
  packGraceHours: {
    defaultValue: 24,
    min: 0,
    max: 100_000,
    description:
      'hours for which gc leaves whole packs of captures that did not end, for the next one to use',
  },
} as const satisfies Record<string, SettingRule>;

export type SettingName = keyof typeof RULES;
export const SETTING_NAMES = Object.keys(RULES) as readonly SettingName[];

export function settingValue(config: Config, name: SettingName): number {
  const value = config.settings[name];
  return typeof value === 'number' ? value : RULES[name].defaultValue;
}

export function listSettings(config: Config): readonly Setting[] {
  return SETTING_NAMES.map((name) => ({
    name,
    value: settingValue(config, name),
    defaultValue: RULES[name].defaultValue,
    description: RULES[name].description,
  }));
}

/** @throws bad-setting */
export function parseSetting(
  name: string,
  text: string,
): { readonly name: SettingName; readonly value: number } {
  const known = SETTING_NAMES.find((other) => other === name);
  if (known === undefined) {
    throw new StoreError(
      'bad-setting',
      `There is no setting "${name}"; there are ${SETTING_NAMES.join(', ')}`,
    );
  }
  const { min, max } = RULES[known];
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
    throw new StoreError(
      'bad-setting',
      `Setting "${name}" takes a whole number from ${min} to ${max}, not "${text}"`,
    );
  }
  return { name: known, value };
}
