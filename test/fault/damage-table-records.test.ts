/** The damage table of DAMAGE.md: records. The other half has what images are made of. */
import { testKinds } from './damage-table/test-kinds.js';

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
  'attested',
]);
