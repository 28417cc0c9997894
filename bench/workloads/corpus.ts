/** The raw images of a folder: those whose name starts with "golden" first, else by name. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceImage } from '../tool.js';
import { inspectImage } from './source-image.js';
import { makeSynthetic } from './synthetic.js';

const IMAGE_NAME = /\.(raw|img)$/;

export async function openCorpus(folder: string): Promise<readonly SourceImage[]> {
  const names = (await readdir(folder)).filter((name) => IMAGE_NAME.test(name));
  if (names.length === 0) throw new Error(`There is no image (*.raw, *.img) in ${folder}`);
  const isOther = (name: string) => Number(!name.startsWith('golden'));
  names.sort((a, b) => isOther(a) - isOther(b) || (a < b ? -1 : 1));
  const images: SourceImage[] = [];
  for (const name of names) images.push(await inspectImage(join(folder, name)));
  return images;
}

/** The images of a folder, or where there is none, seeded ones made in `scratch`. */
export function openImages(
  { corpus, sizeBytes }: { readonly corpus?: string; readonly sizeBytes: number },
  scratch: string,
): Promise<readonly SourceImage[]> {
  return corpus === undefined ? makeSynthetic(scratch, sizeBytes) : openCorpus(corpus);
}
