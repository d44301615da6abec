import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { InvalidOptionsError } from '../event-triggers.errors.js';
import { DEFAULT_DATA_SOURCE, tokenOf } from '../event-triggers.tokens.js';
import { optionalProvider } from '../optional-provider.js';
import { WriterTraceSubscriber } from './writer-trace-subscriber.js';

/** Puts tracing in place before anything of the application writes. */
export class EventTriggersTracing implements OnModuleInit {
  constructor(
    private readonly writers: boolean,
    private readonly dataSource: string,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** @throws InvalidOptionsError where there is nothing to trace */
  onModuleInit(): void {
    if (optionalProvider(this.moduleRef, tokenOf('Lifecycle', this.dataSource)) === null) {
      const where = this.dataSource === DEFAULT_DATA_SOURCE ? '' : ` of "${this.dataSource}"`;
      throw new InvalidOptionsError(
        `EventTriggersTracingModule found no event triggers${where} to trace`,
        { hint: 'Import EventTriggersModule.forRoot, with the same dataSource.' },
      );
    }
    if (!this.writers) return;
    const token = getDataSourceToken(this.dataSource);
    const { subscribers } = this.moduleRef.get<DataSource>(token, { strict: false });
    subscribers.push(new WriterTraceSubscriber());
  }
}
