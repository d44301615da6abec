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
import { matchesAnySecret, usableSecrets } from './secret-comparison.js';
import { type RequestWithHeaders, singleHeader } from './single-header.js';
import { announceProblem, webhookProblem } from './webhook-problem.js';
import type { WebhookSecretGuardOptions } from './webhook-secret.options.js';
import { WEBHOOK_SECRET_SETTINGS, type WebhookSecretSettings } from './webhook-secret.settings.js';

const DEFAULT_HEADER = 'nhost-webhook-secret';
const logger = new Logger('EventTriggers');

/** Applications and handlers about which the log has been told: a fault of every request is worth one line. */
const reported = new WeakSet<object>();

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
    const decidesByRequest =
      this.acceptedSecrets !== WebhookSecretAuthenticator.prototype.acceptedSecrets;
    if (!decidesByRequest) this.configuredSecrets();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return this.denyOutsideHttp(context);

    const accepted = usableSecrets(await this.acceptedSecrets(context));
    const presented = this.presentedSecret(context.switchToHttp().getRequest());
    if (presented !== undefined && matchesAnySecret(presented, accepted)) return true;
    return this.refuse(context);
  }

  /** The secrets to accept for this request; empty ones never match. What it throws refuses the request. */
  protected acceptedSecrets(
    _context: ExecutionContext,
  ): readonly string[] | Promise<readonly string[]> {
    return this.configuredSecrets();
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

  /** The environment is read each time: files of variables may be loaded after this guard was made. */
  private configuredSecrets(): readonly string[] {
    const secrets = usableSecrets(
      this.options.secret ?? this.settings?.secret ?? process.env['NHOST_WEBHOOK_SECRET'],
    );
    if (secrets.length === 0) this.reportMissingSecret();
    return secrets;
  }

  private reportMissingSecret(): void {
    const application = this.adapterHost ?? this;
    if (reported.has(application)) return;
    reported.add(application);
    logger.error(
      'WebhookSecretGuard refuses every request, because no webhook secret is configured: set NHOST_WEBHOOK_SECRET or pass `secret`.',
    );
  }

  private denyOutsideHttp(context: ExecutionContext): false {
    const handler = context.getHandler();
    if (reported.has(handler)) return false;
    reported.add(handler);
    logger.error(
      `WebhookSecretGuard refuses ${context.getClass().name}.${handler.name}, because it came over ${context.getType()} and only HTTP carries the secret's header: guard an HTTP route instead.`,
    );
    return false;
  }
}
