import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  HttpStatus,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { resolveTemplate } from '../environment-template.js';
import {
  parseSigningKey,
  signingKeysOf,
  type SigningKey,
  type SigningKeys,
} from '../signing-key.js';
import { StateLog } from '../state-log.js';
import { rawBodyOf, type RequestWithBody } from './raw-body.js';
import { matchesAnySecret, usableSecrets } from './secret-comparison.js';
import { type RequestWithHeaders, singleHeader } from './single-header.js';
import { announceProblem, webhookProblem } from './webhook-problem.js';
import type { WebhookSecretGuardOptions } from './webhook-secret.options.js';
import { isSigned } from './webhook-signature.js';
import { WEBHOOK_SECRET_SETTINGS, type WebhookSecretSettings } from './webhook-secret.settings.js';

const DEFAULT_HEADER = 'nhost-webhook-secret';
const TOLERANCE_SECONDS = 300;
const log = new StateLog(new Logger('EventTriggers'));

/** What the log has been told of applications and handlers: a fault of every request is worth one line. */
const reported = new WeakMap<object, Set<string>>();

/**
 * The guard behind `WebhookSecretGuard`: lets a request in only if its header carries an accepted webhook secret.
 *
 * Use it where a class is wanted, as in `@UseGuards(WebhookSecretAuthenticator)` or as an `APP_GUARD`,
 * and extend it to change where secrets come from or how a request is refused. Without any configured secret
 * it refuses everything and says so when the application starts.
 *
 * @throws HttpException with the status of `options` (default 401) for every request it refuses
 *
 * @example
 * @Injectable()
 * export class TenantWebhookAuthenticator extends WebhookSecretAuthenticator {
 *   @Inject(TenantsService) private readonly tenants!: TenantsService;
 *
 *   protected override acceptedSecrets(context: ExecutionContext): Promise<readonly string[]> {
 *     const request = context.switchToHttp().getRequest<Request<{ tenant: string }>>();
 *     return this.tenants.webhookSecretsOf(request.params.tenant);
 *   }
 * }
 */
@Injectable()
export class WebhookSecretAuthenticator implements CanActivate, OnApplicationBootstrap {
  /** What this guard wants otherwise than the module; the decorator fills it in, a subclass may. */
  protected readonly options: WebhookSecretGuardOptions = {};

  /** Keys that have been read, by their text. */
  private readonly keys = new Map<string, SigningKey>();

  @Optional()
  @Inject(HttpAdapterHost)
  private readonly adapterHost?: HttpAdapterHost;

  constructor(
    @Optional()
    @Inject(WEBHOOK_SECRET_SETTINGS)
    protected readonly settings?: WebhookSecretSettings,
  ) {}

  /** Reports a missing secret while somebody watches the start, rather than with the first lost webhook. */
  onApplicationBootstrap(): void {
    const base = WebhookSecretAuthenticator.prototype;
    if (this.accepts('secret') && this.acceptedSecrets === base.acceptedSecrets)
      this.configuredSecrets();
    if (this.accepts('signature') && this.acceptedSigningKeys === base.acceptedSigningKeys)
      this.verifyingKeys(this.configuredSigningKeys());
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return this.denyOutsideHttp(context);

    if (this.accepts('secret') && (await this.hasSecret(context))) return true;
    if (this.accepts('signature') && (await this.hasSignature(context))) return true;
    return this.refuse(context);
  }

  private accepts(proof: 'secret' | 'signature'): boolean {
    const { accept = 'secret' } = this.options;
    return accept === proof || accept === 'either';
  }

  private async hasSecret(context: ExecutionContext): Promise<boolean> {
    const accepted = usableSecrets(await this.acceptedSecrets(context));
    const presented = this.presentedSecret(context.switchToHttp().getRequest());
    return presented !== undefined && matchesAnySecret(presented, accepted);
  }

  private async hasSignature(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestWithBody>();
    const signature = singleHeader(request, 'webhook-signature');
    if (signature === undefined) return false;
    const body = rawBodyOf(request) ?? this.failWithoutRawBody(context);
    const signed = {
      id: singleHeader(request, 'webhook-id'),
      timestamp: singleHeader(request, 'webhook-timestamp'),
      signature,
      body,
    };
    const keys = this.verifyingKeys(await this.acceptedSigningKeys(context));
    return isSigned(signed, keys, this.now(), this.options.tolerance ?? TOLERANCE_SECONDS);
  }

  /** The secrets to accept for this request; empty ones never match. What it throws refuses the request. */
  protected acceptedSecrets(
    _context: ExecutionContext,
  ): readonly string[] | Promise<readonly string[]> {
    return this.configuredSecrets();
  }

  /** The keys by which to verify this request's signature. What it throws refuses the request. */
  protected acceptedSigningKeys(_context: ExecutionContext): SigningKeys | Promise<SigningKeys> {
    return this.configuredSigningKeys();
  }

  /** Milliseconds since 1970: the time that a signed request is compared with. */
  protected now(): number {
    return Date.now();
  }

  /** The name of the header, in any case: of this guard, else of the module, else `nhost-webhook-secret`. */
  protected headerName(): string {
    return this.options.header ?? this.settings?.header ?? DEFAULT_HEADER;
  }

  /** What the request presents as its secret; undefined where it presents none, or more than one. */
  protected presentedSecret(request: RequestWithHeaders): string | undefined {
    return singleHeader(request, this.headerName());
  }

  /** Ends the request with a problem document that is the same whatever was wrong with it. */
  protected refuse(context: ExecutionContext): never {
    const { status = HttpStatus.UNAUTHORIZED, message } = this.options;
    if (this.adapterHost !== undefined) {
      announceProblem(this.adapterHost.httpAdapter, context.switchToHttp().getResponse());
    }
    throw new HttpException(webhookProblem(status, message), status);
  }

  private configuredSigningKeys(): SigningKeys {
    const keys = this.options.signingKeys ?? this.settings?.signingKeys ?? [];
    if (keys.length === 0)
      this.report('no signing key is configured: give signingKeys to the guard or to forRoot');
    return keys;
  }

  private verifyingKeys(keys: SigningKeys): SigningKey[] {
    return signingKeysOf(keys)
      .filter(({ until }) => until === null || until > this.now())
      .map(({ key }) => this.parsed(key));
  }

  private parsed(key: string): SigningKey {
    const text = resolveTemplate(key, 'WebhookSecretGuard', process.env);
    const known = this.keys.get(text);
    if (known !== undefined) return known;
    const parsed = parseSigningKey(text, 'WebhookSecretGuard: a signing key');
    this.keys.set(text, parsed);
    return parsed;
  }

  /** The application's fault, not the sender's: a request that is tried again later gets through. */
  private failWithoutRawBody(context: ExecutionContext): never {
    this.report(
      'the application keeps no raw bodies, which a signature covers: NestFactory.create(AppModule, { rawBody: true })',
      'signed',
    );
    if (this.adapterHost !== undefined)
      announceProblem(this.adapterHost.httpAdapter, context.switchToHttp().getResponse());
    const status = HttpStatus.INTERNAL_SERVER_ERROR;
    throw new HttpException(webhookProblem(status, undefined), status);
  }

  /** The environment is read each time: files of variables may be loaded after this guard was made. */
  private configuredSecrets(): readonly string[] {
    const secrets = usableSecrets(
      this.options.secret ?? this.settings?.secret ?? process.env['NHOST_WEBHOOK_SECRET'],
    );
    if (secrets.length === 0)
      this.report('no webhook secret is configured: set NHOST_WEBHOOK_SECRET or pass `secret`.');
    return secrets;
  }

  private report(reason: string, which = 'every'): void {
    const application = this.adapterHost ?? this;
    const told = reported.get(application) ?? new Set();
    if (told.has(reason)) return;
    reported.set(application, told.add(reason));
    log.error(`WebhookSecretGuard refuses ${which} request, because ${reason}`, {
      code: 'webhooks-refused',
    });
  }

  private denyOutsideHttp(context: ExecutionContext): false {
    const handler = context.getHandler();
    if (reported.has(handler)) return false;
    reported.set(handler, new Set());
    log.error(
      `WebhookSecretGuard refuses ${context.getClass().name}.${handler.name}, because it came over ${context.getType()} and only HTTP carries the secret's header: guard an HTTP route instead.`,
      { code: 'webhooks-refused' },
    );
    return false;
  }
}
