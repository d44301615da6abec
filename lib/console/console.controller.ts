import { Get, Inject, NotFoundException, Param, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Described } from '../admin/described.decorator.js';
import type { HostRequest } from '../admin/request-query.js';
import type { HostResponse } from '../host-response.js';
import { ConsolePage } from './console-page.js';

/** Everything comes from here, and nothing else is run, shown or asked. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
/** Their names change with their content. */
const FOR_EVER = 'private, max-age=31536000, immutable';

/** The page of the console, and the files it is made of. */
export class ConsoleController {
  constructor(
    @Inject(ConsolePage) private readonly page: ConsolePage,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @Described('The console')
  show(@Req() request: HostRequest, @Res() response: HostResponse): void {
    this.send(response, this.page.at(request.originalUrl ?? request.url), {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  }

  @Get('assets/:name')
  @Described('A file of the console')
  asset(@Param('name') name: string, @Res() response: HostResponse): void {
    const asset = this.page.assets.get(name);
    if (asset === undefined) throw new NotFoundException(`The console has no file "${name}"`);
    this.send(response, asset.content, {
      'content-type': asset.type,
      'cache-control': FOR_EVER,
      'x-content-type-options': 'nosniff',
    });
  }

  private send(
    response: HostResponse,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): void {
    const { httpAdapter } = this.host;
    for (const [name, value] of Object.entries(headers))
      httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, 200);
  }
}
