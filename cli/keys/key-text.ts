/** How keys of a store look to people. */
import type { KeyInfo } from '../../src/index.js';
import { formatTime, shortId } from '../format.js';
import { printableLine } from '../printable.js';
import { renderTable } from '../table.js';

export function keyTitle({ id, label }: KeyInfo): string {
  return printableLine(label === '' ? shortId(id) : `"${label}" (${shortId(id)})`);
}

/** "a passphrase with full access", "a key file that may only add images named web*" */
export function keyKind({ kind, access, names = [] }: KeyInfo): string {
  const what = kind === 'passphrase' ? 'a passphrase' : 'a key file';
  return printableLine(
    access === 'full'
      ? `${what} with full access`
      : `${what} that may only add images named ${names.join(', ')}`,
  );
}

export function keyTable(keys: readonly KeyInfo[]): Promise<string> {
  return renderTable(
    [
      { title: 'ID' },
      { title: 'LABEL' },
      { title: 'OPENED BY' },
      { title: 'MAY' },
      { title: 'CREATED' },
      { title: '' },
    ],
    keys.map(({ id, label, kind, access, names = [], created, inUse }) => [
      shortId(id),
      label || '-',
      kind === 'passphrase' ? 'passphrase' : 'key file',
      access === 'full' ? 'do everything' : `add ${names.join(', ')}`,
      formatTime(created),
      inUse ? 'in use' : '',
    ]),
  );
}
