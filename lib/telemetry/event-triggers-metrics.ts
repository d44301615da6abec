import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { InvalidOptionsError } from '../event-triggers.errors.js';
import type { EventTriggersLifecycle } from '../event-triggers.lifecycle.js';
import type { ResolvedOptions } from '../event-triggers.options.js';
import { DEFAULT_DATA_SOURCE, tokenOf } from '../event-triggers.tokens.js';
import { optionalProvider } from '../optional-provider.js';
import type { RunStatement } from '../pipeline/retry/application-events.js';
import { backlogDepths } from '../pipeline/retry/backlog-depth.js';
import { numbersGivenStatement } from '../pipeline/retry/backlog-depth.sql.js';
import { listTriggers } from '../pipeline/retry/trigger-list.js';
import { quoteIdentifier } from '../schema/identifier.js';
import type { StateLog } from '../state-log.js';
import { DispatcherMetrics } from './dispatcher-metrics.js';
import { LogMetrics, type LogReading } from './log-metrics.js';
import type { MetricSet } from './metric-set.js';
import { replicaMetrics } from './replica-metrics.js';

/** All metrics of one data source, from the start of the application to its end. */
export class EventTriggersMetrics implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly dispatcher: DispatcherMetrics;

  constructor(
    private readonly metrics: MetricSet,
    private readonly dataSource: string,
    private readonly moduleRef: ModuleRef,
    log: StateLog,
  ) {
    this.dispatcher = new DispatcherMetrics(metrics);
    replicaMetrics(metrics, () => this.lifecycle());
    new LogMetrics(
      metrics,
      () => this.read(),
      (problem) =>
        log.warn(`Metrics of the event log are left out: ${problem}`, { code: 'metrics-unread' }),
    );
  }

  /** @throws InvalidOptionsError where there is nothing to measure */
  onApplicationBootstrap(): void {
    if (this.lifecycle() !== null) return;
    const where = this.dataSource === DEFAULT_DATA_SOURCE ? '' : ` of "${this.dataSource}"`;
    throw new InvalidOptionsError(
      `EventTriggersMetricsModule found no event triggers${where} to measure`,
      { hint: 'Import EventTriggersModule.forRoot, with the same dataSource.' },
    );
  }

  /** After the dispatcher has drained, which is to be seen. */
  onApplicationShutdown(): void {
    this.metrics.remove();
  }

  private lifecycle(): EventTriggersLifecycle | null {
    return optionalProvider(this.moduleRef, tokenOf('Lifecycle', this.dataSource));
  }

  private async read(): Promise<LogReading> {
    const own = { strict: false };
    const dataSource = this.moduleRef.get<DataSource>(getDataSourceToken(this.dataSource), own);
    const token = tokenOf('Options', this.dataSource);
    const { schema: name, application } = this.moduleRef.get<ResolvedOptions>(token, own);
    const schema = quoteIdentifier(name);
    const run: RunStatement = (text, values) => dataSource.query(text, [...values]);
    const [triggers, backlog, [numbers]] = await Promise.all([
      listTriggers(run, schema, application),
      backlogDepths(run, schema, application),
      run<{ given: string }>(numbersGivenStatement(schema), []),
    ]);
    for (const trigger of triggers) this.dispatcher.knows(trigger.name);
    return { triggers, backlog, captured: Number(numbers?.given ?? 0) };
  }
}
