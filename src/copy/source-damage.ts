/** What keeps an image from being copied: a problem of the store it is in, which ends the copy of that image alone. */
import { FormatError } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { shortName } from '../images/short-name.js';
import type { Image, Problem } from '../interface.js';

export interface Damage {
  readonly code: Exclude<Problem['code'], 'rolled-back'>;
  readonly reason: string;
  /** Bytes of the image that are lost with it; of all of it where they are absent. */
  readonly offset?: number;
  readonly length?: number;
  readonly chunk?: string | undefined;
}

/** Never leaves the room. */
export class SourceDamage extends Error {
  readonly problem: Problem;
  readonly reason: string;

  constructor(image: Image, { code, reason, offset, length, chunk }: Damage) {
    const place = offset === undefined ? '' : ` at byte ${offset} (${length} bytes)`;
    const message = `Image ${shortName(image)} was not copied, as it cannot be read${place}: ${reason}`;
    super(message);
    this.reason = reason;
    this.problem = {
      code,
      message,
      image: `${image.name}@${image.id}`,
      ...(offset === undefined ? {} : { offset }),
      ...(length === undefined ? {} : { length }),
      ...(chunk === undefined ? {} : { chunk }),
    };
  }
}

const CODES: ReadonlySet<string> = new Set<Damage['code']>([
  'chunk-damaged',
  'chunk-missing',
  'object-damaged',
  'object-missing',
  'object-unreadable',
]);

/** What its segments add up to is not what its manifest promises. */
export function otherDigest(image: Image, digest: string): SourceDamage {
  const [found, promised] = [digest, image.digest].map((text) => `${text.slice(0, 12)}…`);
  const reason = `its content has the digest ${found}, and its manifest says ${promised}`;
  return new SourceDamage(image, { code: 'object-damaged', reason });
}

/** @returns undefined for what is no damage of the image */
export function damageOf(image: Image, error: unknown): SourceDamage | undefined {
  if (error instanceof FormatError)
    return new SourceDamage(image, { code: 'object-damaged', reason: error.message });
  if (!(error instanceof StoreError) || !CODES.has(error.code)) return undefined;
  return new SourceDamage(image, { code: error.code as Damage['code'], reason: error.message });
}

/** Runs what reads the image's own store and nothing else. @throws SourceDamage in place of what is wrong there */
export async function readingSource<T>(image: Image, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw damageOf(image, error) ?? error;
  }
}
