/** Tables that can be read on a terminal and pasted into README.md as they are: words to the left, figures to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** What stands where nothing was measured. */
export const NO_FIGURE = '-';

export function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? NO_FIGURE : value.toFixed(digits);
}

export function seconds(value: number): string {
  return value.toFixed(1);
}

export function mib(byteCount: number): string {
  return String(Math.round(byteCount / 2 ** 20));
}

export function gib(byteCount: number): string {
  return String(Math.round(byteCount / 2 ** 30));
}
