/** How often what matters happened, so that "no violations" says something: counted from the steps of all processes. */
import type { Request } from './processes.js';
import type { OperationKind } from './scenario.js';

export const COVERED = [
  'captures published',
  'captures broken off',
  'captures by write-only keys',
  'gcs completed',
  'gcs resumed',
  'images purged',
  'packs written by gc',
  'packs rescued',
  'packs unlinked',
  'leases broken',
  'reads compared',
  'scrubs completed',
  'packs set aside',
  'attestations',
  'keys rotated',
  'power failures',
  'packs rotted',
  'packs vanished',
] as const;
export type Covered = (typeof COVERED)[number];

/** As it goes from process to process. */
export type Counts = Partial<Record<Covered, number>>;

/** What a run of gc is at; decides what a pack that it writes is for. */
type Phase = 'before' | 'condemned' | 'second look';

export class Coverage {
  readonly counts: Counts = {};
  readonly #phases = new Map<number, Phase>();

  add(what: Covered, count = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + count;
  }

  /** A request of a process has taken effect. @param value what it was answered */
  note({ process, verb, key }: Request, value: unknown): void {
    const { operation } = process;
    if (verb === 'claim' && key.startsWith('damaged/') && value === true) this.add('packs set aside');
    if (verb === 'claim' && key.startsWith('attested/') && value === true) this.add('attestations');
    if (operation?.kind === 'gc') this.#noteGc(operation.number, verb, key, value);
  }

  #noteGc(run: number, verb: string, key: string, value: unknown): void {
    const phase = this.#phases.get(run);
    if (verb === 'settle' && key.startsWith('condemned/')) {
      if (phase !== 'before') this.add('gcs resumed');
      this.#phases.set(run, 'condemned');
    } else if (verb === 'claim') {
      if (key.startsWith('condemned/')) this.#phases.set(run, 'before');
      else if (key.startsWith('removed/') && value === true) this.add('images purged');
      else if (key.startsWith('images/') && value === true) this.add('leases broken');
    } else if (verb === 'list' && key === 'images' && phase === 'condemned')
      this.#phases.set(run, 'second look');
    else if (verb === 'rename') this.add(phase === 'second look' ? 'packs rescued' : 'packs written by gc');
    else if (verb === 'delete' && key.startsWith('packs/') && value === true) {
      this.add('packs unlinked');
      this.#phases.set(run, 'before');
    }
  }

  /** An operation ended. */
  ended(kind: OperationKind, succeeded: boolean, isWriteOnly: boolean): void {
    if (kind === 'capture' && succeeded && isWriteOnly) this.add('captures by write-only keys');
    if (kind === 'capture') this.add(succeeded ? 'captures published' : 'captures broken off');
    else if (kind === 'gc' && succeeded) this.add('gcs completed');
    else if (kind === 'rotate' && succeeded) this.add('keys rotated');
    else if (kind === 'scrub' && succeeded) this.add('scrubs completed');
    else if (kind === 'read' && succeeded) this.add('reads compared');
  }
}

export function sumOf(all: readonly Counts[]): Counts {
  const sum: Counts = {};
  for (const what of COVERED) sum[what] = all.reduce((total, counts) => total + (counts[what] ?? 0), 0);
  return sum;
}

export function tellCoverage(counts: Counts): string {
  return COVERED.map((what) => `${counts[what] ?? 0} ${what}`).join(', ');
}
