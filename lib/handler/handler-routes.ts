import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { EventTriggerPayload } from '../pipeline/event.js';
import { StateLog } from '../state-log.js';
import type { EventHandlers, FoundHandler, FoundHandlers } from './event-handlers.js';

/** Which handler an event that came in belongs to. */
export class HandlerRoutes implements OnApplicationBootstrap {
  private found: FoundHandlers = { byTrigger: new Map(), byTable: [] };

  /** @param handlers those of the application; asked for when all of it is there */
  constructor(
    private readonly handlers: () => EventHandlers,
    private readonly dataSource: string,
  ) {}

  /** Handlers may be in any module, so all have to be there. */
  onApplicationBootstrap(): void {
    this.found = this.handlers().of(this.dataSource);
    if (this.found.byTrigger.size + this.found.byTable.length > 0) return;
    new StateLog(new Logger('EventTriggers')).warn(
      'EventTriggersReceiverModule receives webhooks, but no method of the application has @OnEventTrigger',
      { code: 'handlers-missing' },
    );
  }

  /** That of its trigger, else that of its table and operation; undefined where there is neither. */
  of({ trigger, table, event }: EventTriggerPayload): FoundHandler | undefined {
    return (
      this.found.byTrigger.get(trigger.name) ??
      this.found.byTable.find(
        (handler) =>
          handler.table.schema === table.schema &&
          handler.table.name === table.name &&
          (handler.operations?.includes(event.op) ?? true),
      )
    );
  }
}
