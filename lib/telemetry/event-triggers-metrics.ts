import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { EventTriggersLifecycle } from '../event-triggers.lifecycle.js';
import type { ResolvedOptions } from '../event-triggers.options.js';
import { tokenOf } from '../event-triggers.tokens.js';
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
import { refuseWithoutTriggers } from './refuse-without-triggers.js';
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
    new LogMetrics(metrics, () => this.read(), log);
  }

  /** @throws InvalidOptionsError where there is nothing to measure */
  onApplicationBootstrap(): void {
    refuseWithoutTriggers(this.moduleRef, this.dataSource, 'EventTriggersMetricsModule');
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
    // In turn: all replicas together must not take three connections each from the application.
    const triggers = await listTriggers(run, schema, application);
    const backlog = await backlogDepths(run, schema, application);
    const [numbers] = await run<{ given: string }>(numbersGivenStatement(schema), []);
    this.dispatcher.knows(triggers.map(({ name: trigger }) => trigger));
    return { triggers, backlog, captured: Number(numbers?.given ?? 0) };
  }
}
