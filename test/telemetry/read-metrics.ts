import type { Registry } from 'prom-client';

/** What a scrape reads. */
export interface ReadMetrics {
  /** Without the prefix; undefined where it is not told. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** Those that have the label. */
  series(label: string): string[];
}

/** Scrapes as Prometheus does: the text is parsed, not the objects behind it. */
export async function readMetrics(
  registry: Registry,
  prefix = 'event_triggers_',
): Promise<ReadMetrics> {
  const samples = new Map<string, number>();
  for (const line of (await registry.metrics()).split('\n')) {
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name !== undefined) samples.set(keyOf(name, labels.split(',')), Number(value));
  }
  return {
    series: (label) => [...samples.keys()].filter((key) => key.includes(label)),
    value: (name, labels = {}) =>
      samples.get(
        keyOf(
          prefix + name,
          Object.entries(labels).map(([label, value]) => `${label}="${value}"`),
        ),
      ),
  };
}

const keyOf = (name: string, labels: readonly string[]): string =>
  `${name}{${labels.toSorted().join(',')}}`;
