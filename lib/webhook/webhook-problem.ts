import { STATUS_CODES } from 'node:http';
import * as nest from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

const CONTENT_TYPE = 'application/problem+json';
/** Express under Nest 11 replaces any type but `application/json` and logs a warning, for each refused request. */
const REPLACES_CONTENT_TYPE = !('StandardSchemaValidationPipe' in nest);

/** The body of a refusal, as RFC 9457 lays it down. */
export interface WebhookProblem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** The detail again, where clients of a Nest application look for it. */
  readonly message?: string;
}

/** Describes a refusal by its status alone, so that nobody learns from it how close a guess came. */
export function webhookProblem(status: number, message: string | undefined): WebhookProblem {
  const title = STATUS_CODES[status] ?? 'Refused';
  const problem = { type: 'about:blank', title, status } as const;
  return message === undefined ? problem : { ...problem, detail: message, message };
}

/** Announces a problem document, which Nest's exception layer then writes. */
export function announceProblem(adapter: AbstractHttpAdapter, response: unknown): void {
  if (REPLACES_CONTENT_TYPE && adapter.getType() === 'express') return;
  adapter.setHeader(response, 'Content-Type', CONTENT_TYPE);
}
