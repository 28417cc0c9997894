/** Candidates for one word, and those among them that only the store knows: references, names, tags, settings. */
import type { Image, Store } from '../../src/index.js';
import { formatTime, shortId } from '../format.js';
import { policyText } from '../retention-options.js';
import type { Secrets } from '../secrets/secrets.js';

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

export interface Suggestions {
  readonly candidates: readonly Candidate[];
  readonly paths?: 'files' | 'folders';
}

/** A store with keys is asked where a key file or an unlocked key is at hand: a passphrase would take too long. */
export interface StoreToAsk {
  readonly path: string;
  readonly secrets: Secrets;
}

export function wordsOf(candidates: readonly Candidate[], current: string): Suggestions {
  return { candidates: candidates.filter(({ word }) => word.startsWith(current)) };
}

export function pathsOf(paths: 'files' | 'folders'): Suggestions {
  return { candidates: [], paths };
}

/** @param argument the argument's name in its command, which says what it takes */
export async function storeSuggestions(
  verb: string,
  argument: string,
  current: string,
  store: StoreToAsk,
): Promise<Suggestions> {
  switch (argument) {
    case 'ref':
    case 'other-ref':
      return withStore(store, async (open) => {
        const images = await open.images(verb === 'undelete' ? { removed: true } : {});
        return wordsOf(referenceCandidates(images, current), current);
      });
    case 'name:tag':
    case 'name[:tag]':
    case 'pattern':
      return withStore(store, async (open) => {
        const candidates = referenceCandidates(await open.images(), current);
        const isTag = ({ word }: Candidate) => word.includes(':');
        const isName = ({ word }: Candidate) => !/[:@~]/.test(word);
        if (argument === 'name:tag') return wordsOf(candidates.filter(isTag), current);
        if (argument === 'pattern') return wordsOf(candidates.filter(isName), current);
        return wordsOf(
          candidates.filter((candidate) => isTag(candidate) || isName(candidate)),
          current,
        );
      });
    case 'policy':
      return withStore(store, async (open) => {
        const policies = await open.policies();
        return wordsOf(
          policies.map(({ pattern, policy }) => ({ word: pattern, about: policyText(policy) })),
          current,
        );
      });
    case 'key':
      return withStore(store, async ({ keys }) =>
        wordsOf(
          (keys?.list() ?? []).map(({ id, label, access }) => ({
            word: label || shortId(id),
            about: access === 'full' ? 'full access' : 'may only add images',
          })),
          current,
        ),
      );
    case 'setting':
      return withStore(store, async (open) => {
        const settings = await open.settings();
        return wordsOf(
          settings.map(({ name, description }) => ({ word: name, about: description })),
          current,
        );
      });
    default:
      return wordsOf([], current);
  }
}

export function leaseSuggestions(current: string, store: StoreToAsk): Promise<Suggestions> {
  return withStore(store, async (open) => {
    const { leases } = await open.doctor();
    const candidates = leases.map(({ id, state, holder }) => ({
      word: id,
      about: holder === undefined ? state : `${holder.purpose} by ${holder.pid} on ${holder.host}, ${state}`,
    }));
    return wordsOf(candidates, current);
  });
}

/** Names and tags always; ids and ~n once the word asks for them, since there are many. */
export function referenceCandidates(images: readonly Image[], current: string): Candidate[] {
  const candidates = new Map<string, string>();
  const newestOf = new Map<string, Image>();
  for (const image of images) {
    const newest = newestOf.get(image.name);
    if (newest === undefined || newest.sequence < image.sequence) newestOf.set(image.name, image);
  }
  for (const [name, image] of newestOf) candidates.set(name, `newest, ${about(image)}`);
  for (const image of images) {
    for (const tag of image.tags) candidates.set(`${image.name}:${tag}`, about(image));
  }
  if (current.includes('@')) {
    const prefix = current.slice(0, current.indexOf('@'));
    for (const image of images) {
      if (prefix === '' || prefix === image.name)
        candidates.set(`${prefix}@${idFor(image, current)}`, titled(image));
    }
  }
  if (current.includes('~')) {
    const name = current.slice(0, current.indexOf('~'));
    const versions = images.filter((image) => image.name === name).sort((a, b) => b.sequence - a.sequence);
    for (const [back, image] of versions.entries()) candidates.set(`${name}~${back}`, about(image));
  }
  return [...candidates].map(([word, description]) => ({ word, about: description }));
}

/** The short id, or all of it once more than that was typed. */
function idFor(image: Image, current: string): string {
  const typed = current.slice(current.indexOf('@') + 1);
  return typed.length > shortId(image.id).length ? image.id : shortId(image.id);
}

function titled(image: Image): string {
  return `${image.name}, ${about(image)}`;
}

function about(image: Image): string {
  return `captured ${formatTime(image.created)}`;
}

async function withStore(
  { path, secrets }: StoreToAsk,
  ask: (open: Store) => Promise<Suggestions>,
): Promise<Suggestions> {
  const { openStore } = await import('../../src/index.js');
  const open = await openStore(path, {
    onWarning: () => {},
    unlock: (store) => secrets.quickOpenerOf(store),
  });
  try {
    return await ask(open);
  } finally {
    await open.close();
  }
}
