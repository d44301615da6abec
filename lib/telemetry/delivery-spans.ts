import {
  context,
  createContextKey,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { PACKAGE_VERSION } from '../package-version.js';
import type { DeliverySpan, DeliveryTracer } from '../pipeline/deliver/delivery-tracer.js';
import type { Destination, WebhookDestination } from '../pipeline/deliver/destination.js';
import type { Outcome } from '../pipeline/deliver/outcome.js';
import type { ClaimedEvent } from '../pipeline/event.js';
import { attemptAttributes, outcomeAttributes, serverAttributes } from './delivery-attributes.js';
import { originOf } from './delivery-origin.js';

const NAME = 'nestjs-event-triggers';
/** The key of `suppressTracing` in `@opentelemetry/core`: keys of one name are one key, in whichever copy of the API. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Makes a span of each attempt, by whatever SDK the application has registered. */
export class DeliverySpans implements DeliveryTracer {
  private readonly tracer = trace.getTracer(NAME, PACKAGE_VERSION);

  begin(destination: Destination, events: readonly ClaimedEvent[]): DeliverySpan {
    return safely(() => this.spanOf(destination, events), UNTRACED);
  }

  readonly unwatched = <Result>(send: () => Result): Result =>
    context.with(context.active().setValue(SUPPRESSED, true), send);

  private spanOf(destination: Destination, events: readonly ClaimedEvent[]): DeliverySpan {
    const { parent, links } = originOf(events);
    // Not from the active one: a dispatcher may have been started within a span that has long ended.
    const origin = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = this.tracer.startSpan(
      `deliver ${destination.trigger}`,
      {
        kind: 'handle' in destination ? SpanKind.CONSUMER : SpanKind.CLIENT,
        attributes: attemptAttributes(destination, events, Date.now()),
        links: [...links],
      },
      origin,
    );
    return new AttemptSpan(span, trace.setSpan(origin, span), destination);
  }
}

class AttemptSpan implements DeliverySpan {
  constructor(
    private readonly span: Span,
    private readonly context: Context,
    private readonly destination: Destination,
  ) {}

  run<Result>(work: () => Result): Result {
    return context.with(this.context, work);
  }

  carrierTo(destination: WebhookDestination): Readonly<Record<string, string>> {
    return safely(() => {
      // A transform may have chosen another place.
      if (destination !== this.destination)
        this.span.setAttributes(serverAttributes(destination.origin));
      const carrier: Record<string, string> = {};
      propagation.inject(this.context, carrier);
      return carrier;
    }, NOTHING);
  }

  end(outcome: Outcome, each: readonly Outcome[] = []): void {
    safely(() => {
      this.span.setAttributes(outcomeAttributes(outcome, each));
      if (outcome.kind !== 'delivered') this.span.setStatus({ code: SpanStatusCode.ERROR });
      this.span.end();
    }, undefined);
  }
}

const NOTHING: Readonly<Record<string, string>> = {};

/** What an attempt has whose span could not be made. */
const UNTRACED: DeliverySpan = {
  run: (work) => work(),
  carrierTo: () => NOTHING,
  end: () => undefined,
};

/** Samplers, processors and propagators are the host's, and none of their errors may keep an event from its receiver. */
function safely<Result>(work: () => Result, otherwise: Result): Result {
  try {
    return work();
  } catch (error) {
    diag.error(`${NAME}: an attempt is not traced, or not completely`, error);
    return otherwise;
  }
}
