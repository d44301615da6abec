import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { quoteIdentifier } from '../schema/identifier.js';
import { StateLog } from '../state-log.js';
import { inboxStatements, type InboxStatements } from './inbox.sql.js';

/** How often one process looks for what may be forgotten. */
const FORGET_EVERY_MS = 3_600_000;

/** An event on its way to a handler. */
export interface Arrival {
  readonly id: string;
  /** Whether somebody asked for it to be sent again: then it is handled again. */
  readonly redelivered: boolean;
}

/**
 * Which events have been handled, so that one that comes twice is handled once.
 *
 * What must hold: an event is entered by the transaction of its handler, so that either both last or neither does.
 */
export class Inbox {
  private readonly statements: InboxStatements;
  private readonly logger = new StateLog(new Logger('EventTriggers'));
  private forgotAt = Number.NEGATIVE_INFINITY;

  /** @param keep milliseconds: longer than a sender may try again */
  constructor(
    private readonly dataSource: DataSource,
    schema: string,
    private readonly keep: number,
  ) {
    this.statements = inboxStatements(quoteIdentifier(schema));
  }

  /** Does the work in a transaction with the entry of its event, unless that has been entered. */
  async once(
    { id, redelivered }: Arrival,
    work: (manager: EntityManager) => Promise<unknown>,
  ): Promise<void> {
    const { enter, enterAgain, isEntered } = this.statements;
    await this.dataSource.transaction(async (manager) => {
      const entered: unknown[] = await manager.query(redelivered ? enterAgain : enter, [id]);
      if (entered.length === 0) return;
      await work(manager);
      await manager.query(isEntered, [id]);
    });
    this.forgetNowAndThen();
  }

  private forgetNowAndThen(): void {
    const now = performance.now();
    if (now - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = now;
    this.dataSource.query(this.statements.forget, [this.keep]).catch((error: unknown) => {
      this.logger.warn(
        `The inbox keeps what it may forget, and tries again in an hour: ${String(error)}`,
        { code: 'inbox-not-kept' },
      );
    });
  }
}
