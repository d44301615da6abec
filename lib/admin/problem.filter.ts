import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { STATUS_CODES } from 'node:http';
import { EventTriggersError } from '../event-triggers.errors.js';
import { announceProblem } from '../webhook/webhook-problem.js';

/** What is wrong with the request, and not with the server. Others are 500. */
const STATUS_OF: Readonly<Record<string, number>> = {
  ET_CROSS_SITE: 403,
  ET_UNKNOWN_TRIGGER: 404,
  ET_UNKNOWN_EVENT: 404,
  ET_FOREIGN_EVENT_ID: 404,
  ET_TRIGGER_EXISTS: 409,
  ET_TRIGGER_CHANGED: 409,
  ET_OWNED_BY_CODE: 409,
  ET_NOT_MANUAL: 409,
  ET_MORE_WAIT: 409,
  ET_INVALID_REQUEST: 422,
  ET_INVALID_TRIGGER: 422,
  ET_INVALID_SIGNING_KEY: 422,
  ET_INVALID_FILTER: 422,
  ET_INVALID_EVENT_ID: 422,
  ET_TRIGGER_REQUIRED: 422,
  ET_MISSING_ENVIRONMENT_VARIABLE: 422,
  ET_TABLE_LOCKED: 503,
};

/** Errors of this package as problem details. What the host's guards throw goes the host's own way. */
@Catch(EventTriggersError)
export class ProblemFilter implements ExceptionFilter<EventTriggersError> {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: EventTriggersError, context: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response = context.switchToHttp().getResponse<unknown>();
    const status = STATUS_OF[error.code] ?? 500;
    announceProblem(httpAdapter, response);
    httpAdapter.reply(response, problemOf(error, status), status);
  }
}

function problemOf(error: EventTriggersError, status: number): object {
  const { code, hint } = error;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: detailOf(error),
    ...(hint !== undefined && { hint }),
  };
}

/** The message without the hint, which stands beside it. */
export function detailOf({ message, hint }: EventTriggersError): string {
  return hint === undefined ? message : message.replace(`\n  Fix: ${hint}`, '');
}
