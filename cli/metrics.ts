/**
 * Metrics in Prometheus' text format, for node_exporter's textfile collector: the file is replaced in one step, so that
 * half of it is never read.
 */
import { chmod, rename, unlink, writeFile } from 'node:fs/promises';
import type { DoctorReport, MaintainResult, StoreStats } from '../src/index.js';

/** node_exporter runs as another user. */
const READABLE_BY_ALL = 0o644;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export async function writeMetrics(path: string, metrics: readonly Metric[]): Promise<void> {
  // The collector reads *.prom alone: a name of another ending is not looked at.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, renderMetrics(metrics));
    await chmod(temporary, READABLE_BY_ALL);
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    const { StoreError } = await import('../src/index.js');
    const message = `Cannot write metrics to ${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new StoreError('target-unwritable', message, { path }, { cause });
  }
}

export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) => {
      const lines = samples.map(({ value, labels = {} }) => `${name}${labelText(labels)} ${value}\n`);
      return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} gauge\n${lines.join('')}`;
    })
    .join('');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([key, value]) => `${key}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** What doctor knows, with the store's folder as a label: one machine may have several stores. */
export function storeMetrics(report: DoctorReport): readonly Metric[] {
  const store = { store: report.store.location };
  const gauge = (name: string, help: string, ...values: (number | undefined)[]): Metric => ({
    name: `doppel_${name}`,
    help,
    samples: values.filter((value) => value !== undefined).map((value) => ({ value, labels: store })),
  });
  const { health, gc, leases, problems, hints } = report;
  const dead = leases.filter(({ state }) => state === 'dead').length;
  return [
    gauge('store_free_bytes', 'Bytes that can still be written where the store lies.', report.freeBytes),
    gauge('packs', 'Packs in the store.', health?.packs),
    gauge('pack_bytes', 'Bytes of the packs in the store.', health?.packBytes),
    gauge('images', 'Live images.', report.images),
    gauge('removed_images', 'Removed images that gc has not purged.', report.removedImages),
    gauge('condemned_bytes', 'Bytes of packs that wait for their deletion.', report.condemned.bytes),
    gauge('leases', 'Leases of captures, reads and other work.', leases.length),
    gauge('dead_leases', 'Leases of processes that are gone.', dead),
    gauge('last_gc_timestamp_seconds', 'When the last gc finished.', seconds(gc.finished?.finished)),
    gauge(
      'last_capture_timestamp_seconds',
      'When the newest image was captured.',
      seconds(report.newestImage),
    ),
    gauge('last_scrub_timestamp_seconds', 'When the last scrub began.', seconds(health?.scrub.lastStarted)),
    gauge(
      'all_checked_timestamp_seconds',
      'Every pack was found sound then or later.',
      seconds(health?.scrub.allCheckedSince),
    ),
    gauge('never_checked_bytes', 'Bytes of packs that no scrub has read.', health?.scrub.neverCheckedBytes),
    {
      name: 'doppel_unchecked_bytes',
      help: 'Bytes of packs that no scrub has read for longer than so many days.',
      samples: (health?.scrub.unchecked ?? []).map(({ days, bytes }) => ({
        value: bytes,
        labels: { ...store, days: String(days) },
      })),
    },
    gauge('damaged_packs', 'Packs that a repair has set aside.', health?.damagedPacks),
    gauge('lost_bytes', 'Bytes of images that nobody has any more.', health?.lost.bytes),
    gauge('lost_ranges', 'Ranges of images that nobody has any more.', health?.lost.ranges.length),
    gauge(
      'growth_last_week_bytes',
      'Bytes that captures added in the last seven days.',
      health?.growth.lastWeekBytes,
    ),
    gauge(
      'growth_weekly_bytes',
      'Bytes that captures add in a week, on average.',
      health?.growth.weeklyBytes,
    ),
    gauge('problems', 'What is broken.', problems.length),
    gauge('hints', 'What is odd and does no harm.', hints.length),
  ];
}

/** What only stats knows: it walks the images. */
export function usageMetrics(store: string, stats: StoreStats): readonly Metric[] {
  const gauge = (name: string, help: string, value: number): Metric => ({
    name: `doppel_${name}`,
    help,
    samples: [{ value, labels: { store } }],
  });
  return [
    gauge('logical_bytes', 'Sum of the sizes of live images.', stats.logicalBytes),
    gauge('used_bytes', 'Of these, bytes outside of holes.', stats.usedBytes),
    gauge('unique_bytes', 'Plain bytes of the distinct chunks that live images need.', stats.uniqueBytes),
    gauge('stored_bytes', 'Bytes of all objects in the store.', stats.storedBytes),
    gauge('dedup_ratio', 'Used bytes for each unique one.', stats.dedupRatio),
    gauge('compression_ratio', 'Plain bytes for each stored one.', stats.compressionRatio),
  ];
}

/** How the last maintenance went, step by step. */
export function maintenanceMetrics(store: string, result: MaintainResult, finished: Date): readonly Metric[] {
  const steps = result.steps.map(({ step, error }) => ({
    value: error === undefined ? 1 : 0,
    labels: { store, step },
  }));
  const one = (value: number): readonly Sample[] => [{ value, labels: { store } }];
  const { scrub } = result;
  const found = 'What the slice of scrub of the last maintenance found.';
  return [
    {
      name: 'doppel_maintain_timestamp_seconds',
      help: 'When the last maintenance finished.',
      samples: one(seconds(finished)!),
    },
    {
      name: 'doppel_maintain_step_ok',
      help: 'Whether a step of the last maintenance was done.',
      samples: steps,
    },
    { name: 'doppel_maintain_seconds', help: 'How long it took.', samples: one(result.seconds) },
    {
      name: 'doppel_scrub_problems',
      help: `${found} What is broken.`,
      samples: scrub === undefined ? [] : one(scrub.problems.length),
    },
  ];
}

function seconds(time: Date | undefined): number | undefined {
  return time && Math.floor(time.getTime() / 1000);
}
