import picomatch from 'picomatch';
import { isName } from '../../store-format/index.js';

/** An exact name, or a glob over names: which names it takes. */
export function matcherOf(pattern: string): (name: string) => boolean {
  if (isName(pattern)) return (name) => name === pattern;
  const matches = picomatch(pattern, { dot: true });
  return (name) => matches(name); // a second argument would mean something to it
}
