import { Get, Inject, Res } from '@nestjs/common';
import type { HostResponse } from '../host-response.js';
import { Answers, goneWith, writeNow } from './answers.js';
import { Described } from './described.decorator.js';
import { LiveChanges } from './live-changes.js';

/** Proxies end connections in which nothing is said for a minute, some for half of one. */
const HEARTBEAT_MS = 15_000;

/** That something has changed, as it happens. */
export class LiveController {
  constructor(
    @Inject(LiveChanges) private readonly changes: LiveChanges,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get()
  @Described('Server-sent events: one called changed whenever something may look different')
  follow(@Res() response: HostResponse): void {
    const gone = goneWith(response);
    const raw = this.answers.begin(response, 'text/event-stream');
    const heartbeat = setInterval(() => writeNow(raw, ':\n\n'), HEARTBEAT_MS);
    const leave = this.changes.follow({
      changed: () => writeNow(raw, 'event: changed\ndata: {}\n\n'),
      ended: () => raw.end(),
    });
    gone.addEventListener('abort', () => {
      clearInterval(heartbeat);
      leave();
    });
  }
}
