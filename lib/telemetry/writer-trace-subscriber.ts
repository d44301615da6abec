import { isSpanContextValid, trace, TraceFlags } from '@opentelemetry/api';
import type { EntitySubscriberInterface, QueryRunner, TransactionStartEvent } from 'typeorm';
import { WRITER_TRACE_STATEMENT } from './writer-trace.sql.js';

/** Writes the active span into each transaction of a data source, for the events that are captured in it. */
export class WriterTraceSubscriber implements EntitySubscriberInterface {
  afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> | undefined {
    const traceparent = sampledTraceparent();
    if (traceparent === null || isNested(queryRunner)) return undefined;
    return write(queryRunner, traceparent);
  }
}

async function write(queryRunner: QueryRunner, traceparent: string): Promise<void> {
  try {
    await queryRunner.query(WRITER_TRACE_STATEMENT, [traceparent]);
  } catch {
    // TypeORM has logged it, and the next statement fails in its turn. Thrown here it would leave the transaction open
    // in some of the ways in which TypeORM begins one.
  }
}

/** Of the active span in W3C's form; null where there is none, or nobody will see it. */
function sampledTraceparent(): string | null {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return null;
  if ((span.traceFlags & TraceFlags.SAMPLED) === 0) return null;
  return `00-${span.traceId}-${span.spanId}-01`;
}

/** A savepoint, within what has been written for its transaction. TypeORM shows the depth only to its subclasses. */
function isNested(queryRunner: QueryRunner): boolean {
  const { transactionDepth = 1 } = queryRunner as { readonly transactionDepth?: number };
  return transactionDepth > 1;
}
