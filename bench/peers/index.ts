/** The tools that doppel is compared with. */
import type { ToolFamily } from '../tool.js';
import { BORG } from './borg.js';
import { CASYNC } from './casync.js';
import { RESTIC } from './restic.js';

export const PEERS: readonly ToolFamily[] = [RESTIC, BORG, CASYNC];
