/** `doppel doctor`: who works with the store, what waits in it, what cannot be read; ends the lease of who hangs. */
import type { Command } from 'commander';
import type { BrokenLease, DoctorReport, KeptImage, LeaseReport } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { exitCodeOf, findingLines } from '../findings-text.js';
import { countOf, formatBytes, formatTime, shortId } from '../format.js';
import { healthFields } from '../health-text.js';
import { storeMetrics, writeMetrics } from '../metrics.js';
import { printableLine } from '../printable.js';
import type { Session, StartSession } from '../session.js';
import { renderFields, renderTable } from '../table.js';

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Show who works with the store, what waits in it, how it fares, and what of it cannot be read. Exit codes: 0 nothing found, 12 hints (odd, but safe), 7 damage.',
    )
    .option('--metrics <file>', 'write metrics for the textfile collector of node_exporter to this file, too')
    .option('--break <lease>', 'end the lease of a process that hangs or was stopped, by the start of its id')
    .addHelpText(
      'after',
      `
Examples:
  doppel doctor
  doppel doctor --json | jq '.leases[] | select(.state == "dead")'
  doppel doctor --break 3f2a

A lease keeps what a process reads and writes, and gc waits for it. Those of dead processes need no hand: gc ends them.
--break is for a process that lives and hangs. A capture that wakes up afterwards fails and publishes nothing; a restore
may find that its image is gone.

Packs are counted, not read: "doppel scrub" reads them, "doppel verify --all" reads what images need, and "doppel gc --dry-run" tells how much of the
packs nothing needs, those of captures that never ended included.`,
    )
    .action((options: { readonly break?: string; readonly metrics?: string }) =>
      start((session) =>
        options.break === undefined ? examine(session, options.metrics) : breakLease(session, options.break),
      ),
    );
}

async function examine(session: Session, metrics: string | undefined): Promise<ExitCode> {
  const report = await (await session.openStore()).doctor();
  if (metrics !== undefined) await writeMetrics(metrics, storeMetrics(report));
  await session.print(report, async () => describe(report) + (await tables(report)) + findingsText(report));
  return exitCodeOf(report);
}

async function breakLease(session: Session, id: string): Promise<ExitCode> {
  const result = await (await session.openStore()).breakLease(id);
  await session.print(result, () => describeBroken(result));
  return EXIT.done;
}

function describe(report: DoctorReport): string {
  const { store, versions, condemned, temporaries, freeBytes, health } = report;
  const native = versions.parts.filter((part) => part.native).map(({ part }) => part);
  const portable = versions.parts.filter((part) => !part.native).map(({ part }) => part);
  return `Store ${printableLine(store.location)}\n${renderFields([
    ['format', `${store.format}, ${store.readOnly ? 'cannot be written' : 'can be written'}`],
    ['free', freeBytes === undefined ? 'unknown' : formatBytes(freeBytes)],
    ['doppel', `${versions.doppel}, node ${versions.node}, ${versions.platform}`],
    ['native parts', native.join(', ') || 'none'],
    ['portable parts', portable.join(', ') || undefined],
    ['gc', gcNow(report)],
    ['last gc', lastGc(report)],
    ['removed', report.removedImages > 0 ? `${countOf(report.removedImages, 'image')} for gc` : undefined],
    [
      'purged',
      report.purgedImages > 0
        ? `${countOf(report.purgedImages, 'image')}, kept for who still reads them, or until the next gc`
        : undefined,
    ],
    [
      'condemned',
      condemned.packs + condemned.withoutPack > 0
        ? `${countOf(condemned.packs, 'pack')}, ${formatBytes(condemned.bytes)}${withoutPackNote(condemned.withoutPack)}`
        : undefined,
    ],
    [
      'being written',
      temporaries &&
        filesText(temporaries.files - temporaries.leftFiles, temporaries.bytes - temporaries.leftBytes),
    ],
    [
      'left over',
      temporaries &&
        filesText(temporaries.leftFiles, temporaries.leftBytes, ': the next capture or gc deletes it'),
    ],
    ...(health === undefined ? [] : healthFields(health)),
  ])}`;
}

function gcNow({ gc: { unfinished, finished } }: DoctorReport): string {
  if (unfinished === undefined) return finished === undefined ? 'has never run' : 'does not run';
  const run = `since ${formatTime(unfinished.started)}, lease ${shortId(unfinished.lease)}`;
  if (unfinished.state === 'alive') return `runs ${run}`;
  if (unfinished.state === 'unknown')
    return `may run ${run}: nobody can tell in a store that cannot be written`;
  return `does not run; the one of ${formatTime(unfinished.started)} was stopped, and the next goes on`;
}

function lastGc({ gc: { finished } }: DoctorReport): string | undefined {
  if (finished === undefined) return undefined;
  const { unlinkedPacks, freedBytes, rewrittenBytes } = finished;
  return (
    `${formatTime(finished.finished)}: ${countOf(unlinkedPacks, 'pack')} deleted, ` +
    `${formatBytes(freedBytes)} freed, ${formatBytes(rewrittenBytes)} written`
  );
}

function withoutPackNote(records: number): string {
  return records > 0 ? `, and ${countOf(records, 'record')} of packs that are gone` : '';
}

function filesText(files: number, bytes: number, remark = ''): string | undefined {
  return files > 0 ? `${countOf(files, 'file')}, ${formatBytes(bytes)}${remark}` : undefined;
}

async function tables({ leases, pins }: DoctorReport): Promise<string> {
  const leaseTable = await renderTable(
    ['LEASE', 'STATE', 'PURPOSE', 'SINCE', 'PID', 'HOST', 'COMMAND', 'KEEPS'].map((title) => ({ title })),
    leases.map((lease) => [shortId(lease.id), lease.state, ...holderCells(lease), keptText(lease.images)]),
  );
  const pinTable = await renderTable(
    ['PIN', 'SINCE', 'REASON', 'KEEPS'].map((title) => ({ title })),
    pins.map(({ id, created, reason, images }) => [
      shortId(id),
      formatTime(created),
      reason,
      keptText(images),
    ]),
  );
  return (
    (leases.length === 0 ? '\nNobody works with the store.\n' : `\n${leaseTable}`) +
    (pins.length === 0 ? '' : `\n${pinTable}`)
  );
}

function holderCells({ holder }: LeaseReport): readonly string[] {
  if (holder === undefined) return ['cannot be read', '', '', '', ''];
  const { purpose, started, pid, host, command } = holder;
  return [purpose, formatTime(started), String(pid), host, command];
}

function keptText(images: readonly KeptImage[]): string {
  return images.map(({ publication, image }) => image ?? shortId(publication)).join(', ');
}

function findingsText(report: DoctorReport): string {
  const lines = findingLines(report);
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}

function describeBroken({ lease: { id, state, holder }, published }: BrokenLease): string {
  const who =
    holder === undefined
      ? 'of somebody whose record cannot be read'
      : `of ${holder.purpose} by process ${holder.pid} on ${printableLine(holder.host)}`;
  const outcome = published ? 'its image was published before, and stays' : 'it can publish nothing any more';
  const hint = state === 'alive' ? '; the process still lives, end it' : '';
  return `Ended lease ${shortId(id)} ${who}: ${outcome}${hint}\n`;
}
