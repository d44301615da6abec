import { Body, Delete, Get, Inject, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { EventTriggersError } from '../event-triggers.errors.js';
import { EventTriggersService } from '../event-triggers.service.js';
import { suggestion } from '../nearest-name.js';
import type { RunTimeTriggerDefinition } from '../pipeline/attach/run-time-trigger.js';
import type { WhenRemoved } from '../pipeline/attach/trigger-definition.js';
import type { HostResponse } from '../host-response.js';
import { ADMINISTERED } from './administered.js';
import { Answers } from './answers.js';
import { Described } from './described.decorator.js';
import { checkedBody, PurgeBody } from './request-body.js';
import { queryOf, type HostRequest } from './request-query.js';
import { triggerView, unhidden } from './trigger-view.js';

const CREATED = 201;
const FATES: readonly string[] = ['keep', 'drain', 'purge'];

/** Triggers: looking at them, making them at run time, pausing them. */
export class TriggersController {
  constructor(
    @Inject(ADMINISTERED) private readonly eventTriggers: EventTriggersService,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get()
  @Described('The triggers of the application, with what waits of each')
  async list(@Res() response: HostResponse): Promise<void> {
    const triggers = await this.eventTriggers.listTriggers();
    this.answers.send(response, { triggers: triggers.map(triggerView) });
  }

  @Get(':name')
  @Described('One trigger')
  async get(@Param('name') name: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, triggerView(await this.eventTriggers.getTrigger(name)));
  }

  @Post()
  @Described('Makes a trigger at run time', { body: 'A RunTimeTriggerDefinition' })
  async create(@Body() body: unknown, @Res() response: HostResponse): Promise<void> {
    const made = await this.eventTriggers.createTrigger(definitionIn(body));
    this.answers.send(response, triggerView(made), CREATED);
  }

  @Post('preview')
  @Described('The statements that making the trigger would execute', {
    body: 'A RunTimeTriggerDefinition',
  })
  async preview(@Body() body: unknown, @Res() response: HostResponse): Promise<void> {
    const statements = await this.eventTriggers.previewTrigger(definitionIn(body));
    this.answers.send(response, { statements });
  }

  @Patch(':name')
  @Described('Changes a trigger that was made at run time', {
    body: 'What differs in its definition; null takes an option back to its default',
  })
  async update(
    @Param('name') name: string,
    @Body() body: unknown,
    @Res() response: HostResponse,
  ): Promise<void> {
    const { made } = await this.eventTriggers.getTrigger(name);
    const changed = await this.eventTriggers.updateTrigger(name, unhidden(objectIn(body), made));
    this.answers.send(response, triggerView(changed));
  }

  @Delete(':name')
  @Described('Deletes a trigger that was made at run time', { query: ['whenRemoved'] })
  async delete(
    @Param('name') name: string,
    @Req() request: HostRequest,
    @Res() response: HostResponse,
  ): Promise<void> {
    const whenRemoved = fateIn(queryOf(request, ['whenRemoved']).get('whenRemoved'));
    const waiting = await this.eventTriggers.deleteTrigger(name, { whenRemoved });
    this.answers.send(response, { waiting });
  }

  @Post(':name/pause')
  @Described('Stops delivering it; its changes are captured on')
  async pause(@Param('name') name: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, { changed: await this.eventTriggers.pause(name) });
  }

  @Post(':name/resume')
  @Described('Delivers it again, from where it stopped')
  async resume(@Param('name') name: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, { changed: await this.eventTriggers.resume(name) });
  }

  @Post(':name/pause-capture')
  @Described('Stops capturing it: changes of its table go by')
  async pauseCapture(@Param('name') name: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, { since: await this.eventTriggers.pauseCapture(name) });
  }

  @Post(':name/resume-capture')
  @Described('Captures it again, and tells the time whose changes were not captured')
  async resumeCapture(@Param('name') name: string, @Res() response: HostResponse): Promise<void> {
    this.answers.send(response, { missed: await this.eventTriggers.resumeCapture(name) });
  }

  @Post(':name/invoke')
  @Described('Makes an event by hand, of a trigger that is manual', { body: '{ payload }' })
  async invoke(
    @Param('name') name: string,
    @Body() body: unknown,
    @Res() response: HostResponse,
  ): Promise<void> {
    const { payload = null } = objectIn(body) as { payload?: unknown };
    this.answers.send(response, { id: await this.eventTriggers.invoke(name, payload) }, CREATED);
  }

  @Post(':name/purge')
  @Described('Counts what waits of it, and with confirm gives it up', { body: '{ confirm? }' })
  async purge(
    @Param('name') name: string,
    @Body() body: unknown,
    @Res() response: HostResponse,
  ): Promise<void> {
    const { confirm } = checkedBody(PurgeBody, body);
    const waiting = await this.eventTriggers.purge(name, { confirm: confirm ?? undefined });
    this.answers.send(response, { waiting });
  }
}

/** Its rules stand where it is made. */
const definitionIn = (body: unknown): RunTimeTriggerDefinition =>
  objectIn(body) as RunTimeTriggerDefinition;

function objectIn(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new EventTriggersError('ET_INVALID_REQUEST', 'The body must be a JSON object', {
    hint: 'Send it with content-type: application/json.',
  });
}

function fateIn(text: string | null): WhenRemoved | undefined {
  if (text === null) return undefined;
  if (FATES.includes(text)) return text as WhenRemoved;
  throw new EventTriggersError(
    'ET_INVALID_REQUEST',
    `whenRemoved cannot be "${text}"; ${suggestion(text, FATES)}`,
  );
}
