import { context, propagation, trace, type TextMapPropagator } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';
import { eventually } from '../support/wait-until.js';

/** What an SDK has exported that is registered as an application would do it. */
export interface RecordedSpans {
  /** Those of that name, once there are so many. */
  named(name: string, count?: number): Promise<readonly ReadableSpan[]>;
  all(): readonly ReadableSpan[];
  /** So that the next test can register another one. */
  unregister(): Promise<void>;
}

export interface SdkOptions {
  sampler?: Sampler;
  propagator?: TextMapPropagator;
}

/** Registers an SDK for this process: the context of Node and, unless told otherwise, the propagator of W3C. */
export function recordSpans({ sampler, propagator }: SdkOptions = {}): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    sampler,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  provider.register({ propagator });
  const named = (name: string): ReadableSpan[] =>
    exporter.getFinishedSpans().filter((span) => span.name === name);
  return {
    all: () => exporter.getFinishedSpans(),
    named: (name, count = 1) =>
      eventually(() => named(name).length >= count && named(name), {
        describe: `${count} spans "${name}"`,
      }),
    async unregister() {
      trace.disable();
      context.disable();
      propagation.disable();
      await provider.shutdown();
    },
  };
}
