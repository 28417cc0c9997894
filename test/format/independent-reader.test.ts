import test from 'ava';
import { type Objects, readImage } from './independent-reader.js';
import { hexBlock, jsonBlock } from './spec-document.js';

const objects: Objects = new Map(
  ['config', 'pack', 'meta-pack', 'manifest'].map((name) => [jsonBlock(name).key, hexBlock(name)] as const),
);
const pubId: string = jsonBlock('manifest').header.pubId;

test("a reader written from SPEC.md alone gets the example store's image", (t) => {
  const { zeros, text, size } = jsonBlock('digest');
  const { header, bytes } = readImage(objects, pubId);
  t.is(header.name, 'web');
  t.is(bytes.length, size);
  t.deepEqual(bytes, Buffer.concat([Buffer.alloc(zeros), Buffer.from(text)]));
});

test('and it notices a changed chunk', (t) => {
  const pack = Buffer.from(hexBlock('pack'));
  pack[20]! ^= 1;
  const damaged = new Map([...objects, [jsonBlock('pack').key as string, pack]]);
  t.throws(() => readImage(damaged, pubId), { message: /whole/ });
});
