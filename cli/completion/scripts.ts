/** The shells that can complete doppel's words, and the script for each. All knowledge is in answer.ts. */
import { BASH_SCRIPT } from './bash-script.js';
import { FISH_SCRIPT } from './fish-script.js';
import { ZSH_SCRIPT } from './zsh-script.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH_SCRIPT,
  zsh: ZSH_SCRIPT,
  fish: FISH_SCRIPT,
};
