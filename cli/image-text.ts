/** How one image, its partitions and ranges of its bytes read to people. */
import type { DiskLayout, Extent, FileSystem, Image } from '../src/index.js';
import { countOf, formatBytes, formatTime, shortId } from './format.js';
import { renderFields, renderTable } from './table.js';

const MAX_RANGES_SHOWN = 20;

/** "web@3f2a9c1e (web:stable)" */
export function imageTitle(image: Image): string {
  const tags = image.tags.map((tag) => `${image.name}:${tag}`).join(', ');
  return `${image.name}@${shortId(image.id)}${tags === '' ? '' : ` (${tags})`}`;
}

export function imageFields(image: Image): string {
  const { source, labels } = image;
  const labelText = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const marks = [image.protected ? 'protected' : '', image.removed ? 'removed' : ''].filter(Boolean);
  const device = [source.model, source.serial].filter((part) => part !== undefined).join(', ');
  return renderFields([
    ['id', image.id],
    ['sequence', String(image.sequence)],
    ['tags', image.tags.join(', ') || undefined],
    ['labels', labelText.join(', ') || undefined],
    ['description', image.description],
    ['marks', marks.join(', ') || undefined],
    ['captured', `${formatTime(image.started)} to ${formatTime(image.created)} by ${image.writer}`],
    ['signed', signer(image)],
    ['source', `${source.path} on ${source.host} (${source.kind}${device === '' ? '' : `: ${device}`})`],
    ['sector size', `${source.sectorSize} B`],
    ['size', `${formatBytes(image.size)} (${image.size} bytes)`],
    ['used', `${formatBytes(image.usedBytes)} in ${countOf(image.chunks, 'chunk')}`],
    ['new', `${formatBytes(image.newBytes)} in ${countOf(image.newChunks, 'chunk')}`],
    ['added', `${formatBytes(image.storedBytes)} to the store`],
    ['not read', image.badBytes > 0 ? `${formatBytes(image.badBytes)}, as zeros` : undefined],
    ['digest', image.digest],
    ['sha256', image.sha256],
    ['publication', image.publication],
  ]);
}

/** Only the owner's machines may do more: whose word it is matters where it is another's. */
function signer({ signedBy }: Image): string | undefined {
  return signedBy?.access === 'write' ? `by "${signedBy.writer}", which may only write` : undefined;
}

export async function layoutText(layout: DiskLayout): Promise<string> {
  const notes = (layout.notes ?? []).map((note) => `  note: ${note}\n`).join('');
  if (layout.table === 'none') {
    const whole = layout.fileSystem === undefined ? 'not recognised' : fileSystemText(layout.fileSystem);
    return `\nNo partition table; the whole disk: ${whole}\n${notes}`;
  }
  const id = layout.diskId === undefined ? '' : ` ${layout.diskId}`;
  const title = `\nPartition table ${layout.table.toUpperCase()}${id}, sectors of ${layout.sectorSize} B\n`;
  const table = await renderTable(
    [
      { title: '#', align: 'right' },
      { title: 'OFFSET', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'TYPE' },
      { title: 'NAME' },
      { title: 'FILE SYSTEM' },
    ],
    layout.partitions.map((partition) => [
      String(partition.number),
      formatBytes(partition.offset),
      formatBytes(partition.size),
      (partition.typeName ?? partition.type) + (partition.bootable ? ' (boot)' : ''),
      partition.name ?? '',
      partition.fileSystem === undefined ? '' : fileSystemText(partition.fileSystem),
    ]),
  );
  return title + indent(table) + notes;
}

/** "1 range, 4 KiB, could not be read …:" and a line for each, the first twenty of them. */
export function rangeLines(what: string, ranges: readonly Extent[]): string {
  if (ranges.length === 0) return '';
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  const shown = ranges
    .slice(0, MAX_RANGES_SHOWN)
    .map(({ offset, length }) => `  ${length} bytes at offset ${offset}\n`);
  const rest = ranges.length - shown.length;
  const more = rest > 0 ? `  and ${rest} more; --json lists all\n` : '';
  return `${countOf(ranges.length, 'range')}, ${formatBytes(total)}, ${what}:\n${shown.join('')}${more}`;
}

function fileSystemText({ type, label, uuid }: FileSystem): string {
  return [type, label === undefined ? '' : `"${label}"`, uuid ?? ''].filter(Boolean).join(' ');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
