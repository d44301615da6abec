import { Inject } from '@nestjs/common';
import { EventTriggersService } from './event-triggers.service.js';

/** The data source that TypeORM gives to those who name none. */
export const DEFAULT_DATA_SOURCE = 'default';

/** Provided where webhooks come in for handlers of the application. */
export const EVENT_TRIGGERS_RECEIVER = Symbol('EventTriggersReceiver');

/** What belongs to one data source; two of them in an application do not get in each other's way. */
type Part =
  | 'FeatureDefinitions'
  | 'Health'
  | 'Inbox'
  | 'Lifecycle'
  | 'Observer'
  | 'Options'
  | 'Service'
  | 'Tracer';

export const tokenOf = (part: Part, dataSource: string): string =>
  `EventTriggers${part}(${dataSource})`;

/** The token of the service for one data source: the class itself for the default one. */
export function getEventTriggersToken(
  dataSource: string = DEFAULT_DATA_SOURCE,
): string | typeof EventTriggersService {
  return dataSource === DEFAULT_DATA_SOURCE ? EventTriggersService : tokenOf('Service', dataSource);
}

/**
 * Injects the `EventTriggersService` of a data source, for applications that have several.
 *
 * @param dataSource the name given to `forRoot({ dataSource })`; default: the default data source
 *
 * @example
 * constructor(@InjectEventTriggers('billing') private readonly eventTriggers: EventTriggersService) {}
 */
export const InjectEventTriggers = (dataSource?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getEventTriggersToken(dataSource));
