import type { Engine } from '../engine/engine.js';
import type { GcOptions, GcResult } from '../interface.js';

export async function gc(_engine: Engine, _options: GcOptions): Promise<GcResult> {
  throw new Error('not there yet');
}
