import { Get, Inject, Req, Res } from '@nestjs/common';
import { EventTriggersService } from '../event-triggers.service.js';
import { DEFAULT_MINUTES } from '../pipeline/retry/statistics.js';
import type { HostResponse } from '../host-response.js';
import { ADMINISTERED } from './administered.js';
import { Answers } from './answers.js';
import { Described } from './described.decorator.js';
import { queryOf, type HostRequest } from './request-query.js';

/** How deliveries went. */
export class StatisticsController {
  constructor(
    @Inject(ADMINISTERED) private readonly eventTriggers: EventTriggersService,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get()
  @Described('Attempts of each trigger by the minute, with what failed and how long they took', {
    query: ['minutes'],
  })
  async get(@Req() request: HostRequest, @Res() response: HostResponse): Promise<void> {
    const minutes = Number(queryOf(request, ['minutes']).get('minutes') ?? DEFAULT_MINUTES);
    const statistics = await this.eventTriggers.statistics({ minutes });
    this.answers.send(response, { minutes, triggers: Object.fromEntries(statistics) });
  }
}
