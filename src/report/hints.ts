/** What doctor finds odd: it does no harm, and mostly goes by itself. */
import type { DoctorReport, Hint } from '../interface.js';

type Seen = Pick<DoctorReport, 'leases' | 'gc' | 'temporaries' | 'health'>;

export function hintsOf({ leases, gc, temporaries, health }: Seen): readonly Hint[] {
  const hints: Hint[] = leases
    .filter(({ state }) => state === 'dead')
    .map(({ id }) => ({
      code: 'lease-dead',
      message: `Lease ${id.slice(0, 8)} is of a process that is gone: the next gc ends it`,
      object: `leases/${id}`,
    }));
  if (gc.unfinished?.state === 'dead') {
    hints.push({ code: 'gc-unfinished', message: 'The last gc was stopped: the next one goes on' });
  }
  if (temporaries !== undefined && temporaries.leftFiles > 0) {
    const message = `Killed processes left ${temporaries.leftFiles} files in tmp/: the next capture or gc deletes them`;
    hints.push({ code: 'left-behind', message });
  }
  if (health !== undefined && health.damagedPacks > 0) {
    const message = `A repair has set ${health.damagedPacks} damaged packs aside: gc deletes them`;
    hints.push({ code: 'pack-emptied', message });
  }
  return hints;
}
