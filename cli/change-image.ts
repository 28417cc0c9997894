/** The end of each verb that changes something about one image: the image as JSON, or a sentence with its title. */
import type { Image, Store } from '../src/index.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { imageTitle } from './image-text.js';
import type { Session } from './session.js';

export async function changeImage(
  session: Session,
  change: (store: Store) => Promise<Image>,
  sentence: (title: string, image: Image) => string,
): Promise<ExitCode> {
  const image = await change(await session.openStore());
  await session.print(image, () => `${sentence(imageTitle(image), image)}\n`);
  return EXIT.done;
}
