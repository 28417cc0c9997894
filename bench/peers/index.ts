/** The tools that doppel is compared with. */
import type { OpenTool } from '../tool.js';
import { openBorgDefault, openBorgFixed } from './borg.js';
import { openCasync } from './casync.js';
import { openRestic } from './restic.js';

export const PEERS: readonly OpenTool[] = [openRestic, openBorgDefault, openBorgFixed, openCasync];
