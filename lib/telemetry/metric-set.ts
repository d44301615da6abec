import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  type Registry,
} from 'prom-client';
import { InvalidOptionsError } from '../event-triggers.errors.js';

type Labels = Readonly<Record<string, string>>;

/** One of either format. */
export type MetricRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/** A value of a gauge, with its labels. */
export type Sample = readonly [labels: Labels, value: number];

/** Metrics of one prefix in a registry, which leave it together. */
export class MetricSet {
  private readonly names: string[] = [];

  constructor(
    private readonly registry: MetricRegistry,
    private readonly prefix: string,
  ) {}

  /** @param collect asked for the value at each scrape, where nobody increments it */
  counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
    collect?: () => Promise<number | null>,
  ): Counter<Label> {
    return new Counter<Label>({
      ...this.described(name, help),
      labelNames,
      ...(collect && {
        async collect(): Promise<void> {
          const value = await collect();
          // A reset would leave a zero, which is a value too.
          this.remove();
          if (value !== null) this.inc(value);
        },
      }),
    });
  }

  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Label[] = [],
  ): Histogram<Label> {
    return new Histogram<Label>({
      ...this.described(name, help),
      labelNames,
      buckets: [...buckets],
    });
  }

  /** Its values are asked for at each scrape: between two of them nobody looks. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void {
    new Gauge({
      ...this.described(name, help),
      labelNames,
      async collect(): Promise<void> {
        const samples = await collect();
        this.reset();
        for (const [labels, value] of samples) this.set(labels, value);
      },
    });
  }

  /** So that an application that is made again in the same process can register them again. */
  remove(): void {
    for (const name of this.names) this.registry.removeSingleMetric(name);
  }

  private described(
    suffix: string,
    help: string,
  ): { name: string; help: string; registers: [MetricRegistry] } {
    const name = this.prefix + suffix;
    if (this.registry.getSingleMetric(name) !== undefined) {
      throw new InvalidOptionsError(`The registry has a metric "${name}" already`, {
        hint: 'Import EventTriggersMetricsModule once for each data source, and give the second one another prefix.',
      });
    }
    this.names.push(name);
    return { name, help, registers: [this.registry] };
  }
}
