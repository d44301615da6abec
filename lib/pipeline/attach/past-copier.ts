import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { AttachConnection } from './attach-connection.js';
import { copyPast, selectPast } from './past-copier.sql.js';
import type { WantedTrigger } from './stored-trigger.js';

interface Source {
  readonly source: number;
  readonly sourceName: string;
  /** As Postgres prints it, so that nothing of it is lost. */
  readonly since: string;
  readonly sinceMilliseconds: number;
  /** Than what was asked for. */
  readonly isLater: boolean;
}

interface Copied {
  readonly copied: number;
  readonly seen: string;
}

/** What a new trigger has got of the past so far. */
export interface CopiedPast {
  readonly trigger: number;
  readonly name: string;
  readonly from: Source;
  readonly first: Copied;
}

/**
 * Gives a new trigger what another one of its table has captured before it was there.
 *
 * Both steps belong to the transaction that attaches it: most is copied while everybody writes, the rest when the
 * table is locked.
 */
export class PastCopier {
  constructor(
    private readonly connection: AttachConnection,
    private readonly schema: QuotedIdentifier,
  ) {}

  /** Before the table is locked; in a sentence why there is nothing to start with, where that is so. */
  async begin(
    { name, startFrom, enabled }: WantedTrigger,
    trigger: number,
  ): Promise<CopiedPast | string | null> {
    if (startFrom === undefined) return null;
    const { at = null, ago = null } = startFrom;
    const { rows } = await this.connection.query(selectPast(this.schema), [trigger, at, ago]);
    const from = rows[0] as Source | undefined;
    if (from === undefined || !enabled) return startsNow(name);
    return { trigger, name, from, first: await this.copy(trigger, from, null) };
  }

  /** When it is locked; says what the trigger starts with. */
  async finish({ trigger, name, from, first }: CopiedPast): Promise<string> {
    const rest = await this.copy(trigger, from, first.seen);
    const since = new Date(from.sinceMilliseconds).toISOString();
    const reason = from.isLater
      ? '; what is older is not in the log, or was not captured without a gap'
      : '';
    return `Event trigger "${name}": it starts with ${first.copied + rest.copied} events that "${from.sourceName}" has captured since ${since}${reason}`;
  }

  private async copy(trigger: number, from: Source, seen: string | null): Promise<Copied> {
    const values = [trigger, from.source, from.since, seen];
    const { rows } = await this.connection.query(copyPast(this.schema), values);
    return rows[0] as Copied;
  }
}

const startsNow = (name: string): string =>
  `Event trigger "${name}": it starts with what is captured from here on, since startFrom finds no other trigger that captures the same changes of its table`;
