/** The damage table of DAMAGE.md on a store with keys: all that the document says of those, and a sample of the rest. */
import { KINDS, type KindName } from './damage-table/kinds.js';
import { testKinds } from './damage-table/test-kinds.js';

testKinds(Object.keys(KINDS) as KindName[], 'keyed');
