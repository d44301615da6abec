import { readFile } from 'node:fs/promises';
import { Registry } from 'prom-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { DispatcherMetrics } from '../../lib/telemetry/dispatcher-metrics.js';
import { LogMetrics } from '../../lib/telemetry/log-metrics.js';
import { MetricSet } from '../../lib/telemetry/metric-set.js';
import { replicaMetrics } from '../../lib/telemetry/replica-metrics.js';
import { StateLog } from '../../lib/state-log.js';

const PREFIX = 'event_triggers_';
/** What a histogram is read by. */
const SUFFIX = /_(bucket|sum|count)$/;

const readFromTelemetry = (name: string): Promise<string> =>
  readFile(new URL(`../../lib/telemetry/${name}`, import.meta.url), 'utf8');

describe('the metrics that there are', () => {
  let kinds: Map<string, string>;

  beforeAll(async () => {
    const registry = new Registry();
    const metrics = new MetricSet(registry, PREFIX);
    new DispatcherMetrics(metrics);
    replicaMetrics(metrics, () => null);
    new LogMetrics(
      metrics,
      () => Promise.reject(new Error('there is no database')),
      new StateLog({ log: () => undefined, warn: () => undefined, error: () => undefined }),
    );
    const described = await registry.getMetricsAsJSON();
    // prom-client's types say that it is an enum of numbers, which it is not.
    kinds = new Map(described.map(({ name, type }) => [name, String(type)]));
  });

  it('are those of the table, with their kinds', async () => {
    const rows = (await readFromTelemetry('README.md')).matchAll(
      /^\| `([a-z_]+)(?:\{[a-z,]+\})?` +\| (counter|gauge|histogram) /gm,
    );
    const documented = new Map([...rows].map(([, name, kind]) => [PREFIX + name, kind]));
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(kinds));
  });

  it('are all on the dashboard, which shows no other', async () => {
    const shown = new Set(
      [...(await readFromTelemetry('grafana-dashboard.json')).matchAll(/event_triggers_[a-z_]+/g)]
        .map(([name]) => name)
        .map((name) => (kinds.has(name) ? name : name.replace(SUFFIX, ''))),
    );
    expect([...shown].toSorted()).toEqual([...kinds.keys()].toSorted());
  });
});
