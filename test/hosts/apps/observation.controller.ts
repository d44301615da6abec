/** What an application shows of itself: its metrics, and whether its events are delivered. */
import { Controller, Get, Header } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import {
  EventTriggersHealthIndicator,
  InjectEventTriggersHealth,
} from 'nestjs-event-triggers/health';
import { register } from 'prom-client';

@Controller()
export class ObservationController {
  constructor(
    private readonly health: HealthCheckService,
    @InjectEventTriggersHealth() private readonly eventTriggers: EventTriggersHealthIndicator,
  ) {}

  @Get('metrics')
  @Header('content-type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }

  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.eventTriggers.isHealthy('event-triggers')]);
  }
}
