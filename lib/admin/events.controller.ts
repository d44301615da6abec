import { Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { EventTriggersService } from '../event-triggers.service.js';
import type { HostResponse } from '../host-response.js';
import { ADMINISTERED } from './administered.js';
import { Answers } from './answers.js';
import { Described } from './described.decorator.js';
import { EVENT_PARAMETERS, eventFilterOf, type HostRequest } from './request-query.js';

/** Events: where they are, what came of them. */
export class EventsController {
  constructor(
    @Inject(ADMINISTERED) private readonly eventTriggers: EventTriggersService,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get()
  @Described('Events, the newest first, page by page', { query: EVENT_PARAMETERS })
  async list(@Req() request: HostRequest, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, await this.eventTriggers.listEvents(eventFilterOf(request)));
  }

  @Get(':id')
  @Described('One event with its rows and all its attempts')
  async get(@Param('id') id: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, await this.eventTriggers.getEvent(id));
  }

  @Post(':id/redeliver')
  @Described('Sends it again')
  async redeliver(@Param('id') id: string, @Res() response: HostResponse): Promise<void> {
    await this.eventTriggers.redeliver(id);
    this.answers.send(response, {});
  }

  @Post(':id/cancel')
  @Described('Gives it up where it waits')
  async cancel(@Param('id') id: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, { state: await this.eventTriggers.cancel(id) });
  }
}
