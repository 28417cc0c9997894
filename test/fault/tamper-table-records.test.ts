/** The tamper table of TAMPER.md: records. The other half has what images are made of. */
import { testKinds } from './tamper-table/test-kinds.js';

testKinds([
  'name record in force',
  'other name record',
  'odd mark',
  'even mark',
  'lease',
  'pin',
  'condemned',
  'damaged',
  'gc record in force',
  'other gc record',
  'lost',
  'attested',
]);
