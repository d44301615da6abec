import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { ResolvedOptions } from '../event-triggers.options.js';
import type { EventTriggersService } from '../event-triggers.service.js';
import { DEFAULT_DATA_SOURCE, getEventTriggersToken, tokenOf } from '../event-triggers.tokens.js';
import { quoteIdentifier } from '../schema/identifier.js';
import { drainStatements, type DrainStatements } from './drain.sql.js';

/** What a test looks at, of one data source of an application. */
export interface Engine {
  readonly dataSource: DataSource;
  readonly service: EventTriggersService;
  readonly application: string;
  readonly statements: DrainStatements;
}

/** @throws UnknownElementException of Nest where the application does not import `EventTriggersModule` */
export function engineOf(app: INestApplicationContext, name = DEFAULT_DATA_SOURCE): Engine {
  const find = <Found>(token: Parameters<INestApplicationContext['get']>[0]): Found =>
    app.get<Found>(token, { strict: false });
  const options = find<ResolvedOptions>(tokenOf('Options', name));
  return {
    dataSource: find(getDataSourceToken(name)),
    service: find(getEventTriggersToken(name)),
    application: options.application,
    statements: drainStatements(quoteIdentifier(options.schema)),
  };
}
