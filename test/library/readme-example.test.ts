/** The README's library example, taken from the README and run as a user would, against the built package. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const project = fileURLToPath(new URL('../../', import.meta.url));

test('the library example of the README runs', async (t) => {
  const readme = await readFile(join(project, 'README.md'), 'utf8');
  const example = /```ts\n(import [\s\S]*?)```/.exec(readme)?.[1];
  t.truthy(example, 'the README has an example');
  const folder = await mkdtemp(join(tmpdir(), 'doppel-readme-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(project, join(folder, 'node_modules', 'doppel'), 'dir');
  const disk = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(2_000_000)]);
  disk.writeUInt16LE(0xaa55, 510);
  await writeFile(join(folder, 'disk.img'), disk);
  await writeFile(join(folder, 'example.mjs'), example!);

  const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });

  t.regex(stdout, /^\n[0-9a-f]{32}: [0-9]+ bytes were new$/m);
  t.regex(stdout, /boot signature 55aa/);
  t.deepEqual(await readFile(join(folder, 'restored.img')), disk);
});
