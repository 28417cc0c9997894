import test from 'ava';
import { CUT_MODULE } from '../../src/chunking/cut-module.js';
import { assembleCut } from './assemble.js';

test('cut-module.ts is what cut.wat assembles to', async (t) => {
  t.is(CUT_MODULE, await assembleCut());
});
