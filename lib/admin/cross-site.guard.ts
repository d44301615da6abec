import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { EventTriggersError } from '../event-triggers.errors.js';

/** A page of another origin can send it only if the host's CORS says so. */
const WRITE_HEADER = 'x-requested-with';
const READS = ['GET', 'HEAD', 'OPTIONS'];

/** Refuses a change that a browser could be made to send with the cookies of whoever is logged in. */
export class CrossSiteGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = context
      .switchToHttp()
      .getRequest<{ method: string; headers: Record<string, unknown> }>();
    if (READS.includes(method) || headers[WRITE_HEADER] !== undefined) return true;
    throw new EventTriggersError('ET_CROSS_SITE', `A change needs the header ${WRITE_HEADER}`, {
      hint: `Send ${WRITE_HEADER}: event-triggers with it. It keeps pages of other sites from sending one.`,
    });
  }
}
