/** What doppel keeps for its user (caches, what it remembers of stores) goes to a place of this test file alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const folder = mkdtempSync(join(tmpdir(), 'doppel-home-'));
  process.env.XDG_STATE_HOME = join(folder, 'state');
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}
