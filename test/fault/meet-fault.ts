/**
 * One fault, met by one operation:
 *
 *   [1] the operation ends with the right error, or does its work all the same
 *   [2] what it left behind is held by nobody
 *   [3] the same operation succeeds once the fault is gone, and gc after it
 *   [4] a scrub finds nothing, and every image is there, byte for byte
 */
import type { ExecutionContext } from 'ava';
import { messageOf, StoreError } from '../../src/errors.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { scrub } from '../../src/scrub/scrub.js';
import { type Fault, FaultyStore, type Verb } from '../support/faulty-store.js';
import { nameOf } from './fault-cases.js';
import { holdsAll, type Operation, type Prepared } from './fault-operations.js';

/** How often the operation asks for what, when nothing fails. */
export async function countRequests(
  t: ExecutionContext,
  prepared: Prepared,
  operation: Operation,
): Promise<ReadonlyMap<Verb, number>> {
  const store = prepared[operation.on].copyFor(t);
  let counting: FaultyStore | undefined;
  const engine = await store.process((objects) => {
    counting = new FaultyStore(objects);
    return counting;
  });
  await operation.run(engine, { store, sound: prepared.sound });
  return counting!.requests;
}

export async function meetFault(
  t: ExecutionContext,
  prepared: Prepared,
  operation: Operation,
  fault: Fault,
): Promise<void> {
  const what = `${operation.name}, ${nameOf(fault)}`;
  const store = prepared[operation.on].copyFor(t);
  const place = { store, sound: prepared.sound };
  const told = await outcomeOf(operation, place, fault); // [1]
  for (const { code, message } of told) {
    t.true(codesOf(fault).has(code), `${what}: ${code}, ${message}`);
    t.regex(message, /^[A-Z]/, what);
  }
  const objects = await FolderStore.open(store.folder, 'test');
  for (const lease of await objects.list('leases')) t.false(await objects.isHeld(lease), `${what}: ${lease}`); // [2]
  t.deepEqual(await operation.run(await store.process(), place), [], `${what}: once more`); // [3]
  await store.gc({ graceMs: 0 });
  for (const folder of ['leases', 'condemned', 'lost'])
    t.deepEqual(store.names(folder), [], `${what}: ${folder}`);
  const { problems } = await scrub(await store.process(), {}); // [4]
  t.deepEqual(problems, [], what);
  await holdsAll(t, store, what);
}

/** The error, or the findings of an operation that went on. */
async function outcomeOf(operation: Operation, place: Parameters<Operation['run']>[1], fault: Fault) {
  try {
    const engine = await place.store.process((objects) => new FaultyStore(objects, fault));
    return await operation.run(engine, place);
  } catch (error) {
    if (error instanceof StoreError) return [error];
    throw new Error(`${operation.name}, ${nameOf(fault)}: ${messageOf(error)}`, { cause: error });
  }
}

/** The codes that name the fault. What is unreadable is neither damaged nor lost. */
function codesOf({ kind, verb }: Fault): ReadonlySet<string> {
  if (kind === 'full') return new Set(['no-space']);
  const isRead = ['get', 'size', 'modified', 'list', 'isHeld'].includes(verb);
  return new Set([isRead ? 'object-unreadable' : 'io-failed']);
}
