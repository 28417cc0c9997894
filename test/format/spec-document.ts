/** SPEC.md as data: its named code blocks and its tables. */
import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../../store-format/SPEC.md', import.meta.url), 'utf8');

export interface Block {
  readonly language: string;
  readonly name: string;
  readonly text: string;
}

/** Blocks with a name behind their language. */
export const blocks: readonly Block[] = [...text.matchAll(/^```([a-z]+) ([a-z-]+)\n([\s\S]*?)\n```$/gm)].map(
  ([, language = '', name = '', body = '']) => ({ language, name, text: body }),
);

export function hexBlock(name: string): Buffer {
  const lines = find('hex', name).split('\n');
  return Buffer.from(lines.map((line) => line.replace(/;.*/, '').replace(/\s/g, '')).join(''), 'hex');
}

/** What the comments of a hex block say about offsets must be so: [offset said, offset found]. */
export function hexOffsets(name: string): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  let at = 0;
  for (const line of find('hex', name).split('\n')) {
    const said = /; (\d+):/.exec(line)?.[1];
    if (said !== undefined) pairs.push([Number(said), at]);
    at += line.replace(/;.*/, '').replace(/\s/g, '').length / 2;
  }
  return pairs;
}

// biome-ignore lint/suspicious/noExplicitAny: what an example holds is compared, not trusted
export function jsonBlock(name: string): any {
  return JSON.parse(find('json', name));
}

/** The two lines of a text block. */
export function textBlock(name: string): readonly [string, string] {
  const [first = '', second = ''] = find('text', name).split('\n');
  return [first, second];
}

function find(language: string, name: string): string {
  const block = blocks.find((candidate) => candidate.language === language && candidate.name === name);
  if (block === undefined) throw new Error(`SPEC.md has no ${language} block "${name}"`);
  return block.text;
}

/** Rows of the first table after a heading, cells trimmed, without the header's rule. */
export function tableAfter(heading: string): readonly (readonly string[])[] {
  const start = text.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`SPEC.md has no heading "${heading}"`);
  const table = /(?:^\|.*\|\n)+/m.exec(text.slice(start))?.[0] ?? '';
  return table
    .trim()
    .split('\n')
    .filter((line) => !/^\|[-|]+\|$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

export function section(heading: string): string {
  const start = text.indexOf(`\n${heading}\n`);
  const end = text.indexOf('\n## ', start + 1);
  return text.slice(start, end < 0 ? undefined : end);
}
