/** The number in what a program says of its version: options come and go with it. */
export type Version = readonly number[];

export function parseVersion(printed: string): Version {
  return (/\d+(\.\d+)*/.exec(printed)?.[0] ?? '').split('.').map(Number);
}

export function showVersion(version: Version): string {
  return version.join('.');
}

export function isAtLeast(version: Version, least: Version): boolean {
  for (const [index, number] of least.entries()) {
    const own = version[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
