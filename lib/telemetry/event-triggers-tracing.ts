import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { refuseWithoutTriggers } from './refuse-without-triggers.js';
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
    refuseWithoutTriggers(this.moduleRef, this.dataSource, 'EventTriggersTracingModule');
    if (!this.writers) return;
    const token = getDataSourceToken(this.dataSource);
    const { subscribers } = this.moduleRef.get<DataSource>(token, { strict: false });
    subscribers.push(new WriterTraceSubscriber());
  }
}
