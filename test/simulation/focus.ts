/** What happens often in a run, where the seed would choose otherwise: rare races are looked for where they are. */
import type { FaultKind } from './faults.js';
import type { OperationKind, Scenario } from './scenario.js';

export interface Focus {
  readonly rates?: Readonly<Partial<Record<FaultKind, number>>>;
  readonly weights?: Readonly<Partial<Record<OperationKind, number>>>;
  readonly settings?: Readonly<Record<string, number>>;
  readonly scenario?: Readonly<Partial<Omit<Scenario, 'weights' | 'config'>>>;
}

/** The scenario of a seed, but for what is looked for. */
export function focused(scenario: Scenario, { weights, settings, scenario: more }: Focus): Scenario {
  const place = more?.place ?? scenario.place;
  const listDelayMs = place === 'local' ? 0 : (more?.listDelayMs ?? scenario.listDelayMs);
  const { listDelayMs: _, ...config } = scenario.config;
  return {
    ...scenario,
    ...(place === 'local' ? { hosts: 1 } : {}),
    ...more,
    listDelayMs,
    weights: { ...scenario.weights, ...weights },
    config: {
      ...config,
      ...(listDelayMs > 0 ? { listDelayMs } : {}),
      settings: { ...config.settings, ...settings },
    },
  };
}
