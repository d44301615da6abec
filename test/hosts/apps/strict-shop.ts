/** A host that does to every request and answer what many hosts do, with all that the package serves over HTTP. */
import 'reflect-metadata';
import helmetOfFastify from '@fastify/helmet';
import {
  Body,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  Post,
  SetMetadata,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import helmet from 'helmet';
import {
  EventTriggersAdminModule,
  EventTriggersModule,
  type EventTriggerPayload,
  EventTriggersReceiverModule,
  OnEventTrigger,
  WebhookSecretGuard,
} from 'nestjs-event-triggers';
import { map, type Observable } from 'rxjs';
import { isOnFastify, listen, setting } from './listening.js';

const IS_PUBLIC = 'isPublic';
const Public = () => SetMetadata(IS_PUBLIC, true);

interface Headers {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What is not public is for those with the token, and for nobody else. */
@Injectable()
class TokenGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, places)) return true;
    if (context.getType() !== 'http') return false;
    return context.switchToHttp().getRequest<Headers>().headers['authorization'] === 'Bearer token';
  }
}

@Injectable()
class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<Headers>().headers['x-role'] === 'admin';
  }
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

/** What arrived, by the way it came. */
class Arrivals {
  readonly list: { way: string; trigger: string; new: unknown }[] = [];

  add(way: string, { trigger, event }: EventTriggerPayload): void {
    this.list.push({ way, trigger: trigger.name, new: event.data.new });
  }
}

@Controller({ path: 'functions', version: '1' })
@Public()
class FunctionsController {
  constructor(@Inject(Arrivals) private readonly arrivals: Arrivals) {}

  @Post('order-made')
  @WebhookSecretGuard
  orderMade(@Body() payload: EventTriggerPayload): void {
    this.arrivals.add('controller', payload);
  }
}

@Injectable()
class OrderHandlers {
  constructor(@Inject(Arrivals) private readonly arrivals: Arrivals) {}

  @Public()
  @OnEventTrigger('order_taken')
  taken(payload: EventTriggerPayload): void {
    this.arrivals.add('receiver', payload);
  }
}

@Controller({ path: 'arrivals', version: '1' })
class ArrivalsController {
  constructor(@Inject(Arrivals) private readonly arrivals: Arrivals) {}

  @Get()
  all() {
    return this.arrivals.list;
  }
}

const onInsert = (name: string, path: string) => ({
  name,
  table: 'orders',
  insert: true as const,
  webhook: `{{NHOST_BACKEND_URL}}${path}`,
});

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: setting('DATABASE_URL'),
      autoLoadEntities: true,
      retryAttempts: 0,
    }),
    EventTriggersModule.forRoot({
      application: 'shop',
      retry: { strategy: 'fixed', delay: '100ms' },
      triggers: [
        onInsert('order_made', '/api/v1/functions/order-made'),
        onInsert('order_taken', '/api/hooks'),
      ],
    }),
    EventTriggersReceiverModule.forRoot({ path: 'hooks', decorators: [Public()] }),
    EventTriggersAdminModule.forRoot({
      path: 'admin/event-triggers',
      guards: [AdminGuard],
      console: true,
    }),
  ],
  controllers: [FunctionsController, ArrivalsController],
  providers: [
    Arrivals,
    OrderHandlers,
    { provide: APP_GUARD, useClass: TokenGuard },
    { provide: APP_INTERCEPTOR, useClass: Wrapping },
  ],
})
class StrictShopModule {}

listen(StrictShopModule, async (app) => {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalPipes(
    new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
  );
  if (isOnFastify()) await (app as NestFastifyApplication).register(helmetOfFastify);
  else app.use(helmet());
});
