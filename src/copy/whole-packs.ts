import { StoreError } from '../errors.js';
import { SourceDamage } from './source-damage.js';

/**
 * What was stored before a Ctrl-C, or before the source turned out to be damaged, spares the next try work. Where the
 * target itself failed, nothing more is tried.
 */
export function isWorthKeeping(error: unknown): boolean {
  return error instanceof SourceDamage || !(error instanceof StoreError);
}
