import type { EventTriggersLifecycle } from '../event-triggers.lifecycle.js';
import type { MetricSet, Sample } from './metric-set.js';

const MS_PER_SECOND = 1_000;

/** How this replica is at the time of a scrape. Nothing is asked of the database. */
export function replicaMetrics(
  metrics: MetricSet,
  lifecycle: () => Pick<EventTriggersLifecycle, 'load' | 'health'> | null,
): void {
  metrics.gauge('attempts_in_flight', 'Attempts under way', ['trigger'], () => {
    const inFlight = lifecycle()?.load()?.inFlight ?? new Map<string, number>();
    return [...inFlight].map(([trigger, attempts]): Sample => [{ trigger }, attempts]);
  });
  metrics.gauge('events_in_hand', 'Events that are claimed and wait for their turn', [], () => [
    [{}, lifecycle()?.load()?.waiting ?? 0],
  ]);
  metrics.gauge('dispatcher_lag_seconds', 'How late the loop is for its next turn', [], () => [
    [{}, (lifecycle()?.load()?.lateBy ?? 0) / MS_PER_SECOND],
  ]);
  metrics.gauge('problems', 'What health() of this replica lists', [], () => [
    [{}, lifecycle()?.health().problems.length ?? 0],
  ]);
}
