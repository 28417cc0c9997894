/** Which images a reference means, and what to say where it means none, or more than one. */
import { StoreError } from '../errors.js';
import type { Image } from '../interface.js';
import type { Reference } from './reference.js';
import { shortName } from './short-name.js';

/** What a reference means among these images. */
export function select(images: readonly Image[], reference: Reference): readonly Image[] {
  if (reference.kind === 'id') {
    return images.filter(
      ({ id, name }) => id.startsWith(reference.prefix) && (reference.name ?? name) === name,
    );
  }
  const named = images.filter(({ name }) => name === reference.name);
  if (reference.kind === 'tag') return named.filter(({ tags }) => tags.includes(reference.tag));
  return named.slice(0, named.length - reference.back).slice(-1);
}

export function ambiguousReference(text: string, found: readonly Image[]): StoreError {
  const candidates = found.map((image) => `${image.name}@${image.id}`);
  const message = `"${text}" could be ${listed(candidates)}; give more digits`;
  return new StoreError('ambiguous-reference', message, { reference: text, candidates });
}

export function unknownReference(
  text: string,
  images: readonly Image[],
  reference: Reference,
  among: 'live' | 'removed',
  unreadable: number,
): StoreError {
  const others = images.filter((image) => image.removed !== (among === 'removed'));
  const hint =
    among === 'live' && select(others, reference).length > 0
      ? 'it was removed: "doppel undelete" brings it back'
      : unreadable > 0
        ? 'it may be what cannot be read: "doppel verify --all" tells what is damaged'
        : among === 'removed'
          ? 'gc may have purged it: "doppel ls --removed" lists those that can be brought back'
          : '"doppel ls" lists the images';
  return new StoreError(
    'unknown-reference',
    `There is no ${among === 'removed' ? 'removed ' : ''}image "${text}"; ${hint}`,
    {
      reference: text,
    },
  );
}

export function uncertainReference(text: string, found: Image, doubt: StoreError): StoreError {
  return new StoreError(
    doubt.code,
    `Which image "${text}" is cannot be told for certain; name it by its id, such as ${shortName(found)}: ${doubt.message}`,
    { ...doubt.details, reference: text, image: found.id },
    { cause: doubt },
  );
}

function listed(candidates: readonly string[]): string {
  const shown = candidates.slice(0, 5).join(', ');
  return candidates.length > 5 ? `${shown} and ${candidates.length - 5} more` : shown;
}
