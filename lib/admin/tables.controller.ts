import { Get, Inject, Param, Res } from '@nestjs/common';
import { EventTriggersService } from '../event-triggers.service.js';
import type { HostResponse } from '../host-response.js';
import { ADMINISTERED } from './administered.js';
import { Answers } from './answers.js';
import { Described } from './described.decorator.js';

/** The tables and columns that a trigger can be made for. */
export class TablesController {
  constructor(
    @Inject(ADMINISTERED) private readonly eventTriggers: EventTriggersService,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get()
  @Described('The tables that a trigger can watch')
  async list(@Res() response: HostResponse): Promise<void> {
    this.answers.send(response, { tables: await this.eventTriggers.listTables() });
  }

  @Get(':schema/:name')
  @Described('The columns of a table')
  async columns(
    @Param('schema') schema: string,
    @Param('name') name: string,
    @Res() response: HostResponse,
  ): Promise<void> {
    const columns = await this.eventTriggers.listColumns({ schema, name });
    this.answers.send(response, { columns });
  }
}
