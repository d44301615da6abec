import type { EventTriggersLifecycle } from '../event-triggers.lifecycle.js';
import type { DispatcherLoad } from '../pipeline/dispatcher-load.js';
import type { MetricSet, Sample } from './metric-set.js';

const MS_PER_SECOND = 1_000;
/** Where no dispatcher works. */
const NOTHING: Omit<DispatcherLoad, 'isListening'> = {
  inFlight: new Map(),
  keptBack: new Set(),
  waiting: 0,
  lateBy: 0,
};

/** How this replica is at the time of a scrape. Nothing is asked of the database. */
export function replicaMetrics(
  metrics: MetricSet,
  lifecycle: () => Pick<EventTriggersLifecycle, 'load' | 'health'> | null,
): void {
  const load = (): typeof NOTHING => lifecycle()?.load() ?? NOTHING;
  metrics.gauge('attempts_in_flight', 'Attempts under way', ['trigger'], () => {
    const { inFlight } = load();
    return [...inFlight].map(([trigger, attempts]): Sample => [{ trigger }, attempts]);
  });
  metrics.gauge(
    'delivery_kept_back',
    'Whether this replica holds back: 0 or 1',
    ['trigger'],
    () => {
      const { inFlight, keptBack } = load();
      return [...inFlight.keys()].map((trigger): Sample => [
        { trigger },
        Number(keptBack.has(trigger)),
      ]);
    },
  );
  metrics.gauge('events_in_hand', 'Events that are claimed and wait for their turn', [], () => [
    [{}, load().waiting],
  ]);
  metrics.gauge('dispatcher_lag_seconds', 'How late the loop is for its next turn', [], () => [
    [{}, load().lateBy / MS_PER_SECOND],
  ]);
  metrics.gauge('dispatcher_listening', 'Whether notifications wake it: 0 or 1', [], () => {
    const working = lifecycle()?.load() ?? null;
    return working === null ? [] : [[{}, Number(working.isListening)]];
  });
  metrics.gauge('problems', 'What health() of this replica lists', [], () => [
    [{}, lifecycle()?.health().problems.length ?? 0],
  ]);
}
