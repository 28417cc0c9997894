/**
 * Text from images, labels and paths is foreign: a partition's name may hold what a terminal takes for a command.
 * Control and direction characters are shown as escapes.
 */
const UNPRINTABLE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** For one cell or line: newlines are escaped too. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}
