/** Assembles src/chunking/cut.wat. Run as a program, it writes cut-module.ts. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

const folder = new URL('../../src/chunking/', import.meta.url);

/** The module's bytes in base64. */
export async function assembleCut(): Promise<string> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('cut.wat', await readFile(new URL('cut.wat', folder), 'utf8'));
  return Buffer.from(module.toBinary({}).buffer).toString('base64');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base64 = await assembleCut();
  const text = `/** cut.wat, assembled by \`npm run assemble\`. */\nexport const CUT_MODULE =\n  '${base64}';\n`;
  await writeFile(new URL('cut-module.ts', folder), text);
}
