import { Body, Get, Inject, Post, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { EventTriggersError } from '../event-triggers.errors.js';
import { EventTriggersService } from '../event-triggers.service.js';
import type { HostResponse } from '../host-response.js';
import { ADMINISTERED } from './administered.js';
import { Answers, goneWith, writeNow } from './answers.js';
import { Described } from './described.decorator.js';
import { detailOf } from './problem.filter.js';
import { checkedBody, RedeliveriesBody, redeliveryFilter } from './request-body.js';

/** What was given up, and sending many events again. */
export class RedeliveriesController {
  constructor(
    @Inject(ADMINISTERED) private readonly eventTriggers: EventTriggersService,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get('dead-letters')
  @Described('Dead letters by trigger, reason and error')
  async groups(@Res() response: HostResponse): Promise<void> {
    this.answers.send(response, await this.eventTriggers.groupDeadLetters());
  }

  /**
   * The answer grows while events are handed over, a line for each part; whoever goes away ends it. So it needs no
   * memory of work that is under way, and any replica can do it.
   */
  @Post('redeliveries')
  @Described('Sends many events again, or with dryRun counts them', {
    body: '{ trigger?, state?, from?, to?, reason?, key?, dryRun?, perSecond? }',
  })
  async redeliver(@Body() body: unknown, @Res() response: HostResponse): Promise<void> {
    const { dryRun, perSecond, ...filter } = checkedBody(RedeliveriesBody, body);
    const wanted = redeliveryFilter(filter);
    if (dryRun === true) {
      const events = await this.eventTriggers.redeliverMany(wanted, { dryRun });
      this.answers.send(response, { events });
      return;
    }
    let raw: ServerResponse | undefined;
    let redelivered = 0;
    const tell = (line: object): void => {
      raw ??= this.answers.begin(response, 'application/x-ndjson');
      writeNow(raw, `${JSON.stringify(line)}\n`);
    };
    try {
      redelivered = await this.eventTriggers.redeliverMany(wanted, {
        perSecond: perSecond ?? undefined,
        signal: goneWith(response),
        onProgress(count) {
          redelivered = count;
          tell({ redelivered });
        },
      });
      tell({ redelivered, done: true });
    } catch (error) {
      // Before a part is done it is an error like any other.
      if (raw === undefined) throw error;
      tell({ redelivered, ...told(error) });
    }
    raw?.end();
  }
}

function told(error: unknown): { code: string; detail: string } {
  if (error instanceof EventTriggersError) return { code: error.code, detail: detailOf(error) };
  return { code: 'ET_FAILED', detail: String(error) };
}
