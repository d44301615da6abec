import { EventTriggersError } from '../../event-triggers.errors.js';
import { suggestion } from '../../nearest-name.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import { eventNumberOf } from '../deliver/event-id.js';
import type { TriggerId } from '../event.js';
import {
  applicationEventStatements,
  type ApplicationEventStatements,
} from './application-events.sql.js';

/** How a statement is run. */
export type RunStatement = <Row>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** What an id says of its event: a number may have been issued twice, and the millisecond tells which one is meant. */
export interface EventPlace {
  readonly installation: number;
  readonly number: string;
  readonly millisecond: number;
}

/** The triggers of an application by name, and its events by the ids that receivers see. */
export class ApplicationEvents {
  private readonly statements: ApplicationEventStatements;

  constructor(
    readonly run: RunStatement,
    schema: QuotedIdentifier,
    private readonly application: string,
  ) {
    this.statements = applicationEventStatements(schema);
  }

  /** Removed ones too: what waits of them is still there. */
  async triggers(): Promise<Map<string, TriggerId>> {
    const rows = await this.run<{ id: TriggerId; name: string }>(this.statements.triggers, [
      this.application,
    ]);
    return new Map(rows.map(({ id, name }) => [name, id]));
  }

  /**
   * @param triggers all of them
   * @throws EventTriggersError `ET_UNKNOWN_TRIGGER`
   */
  named(names: readonly string[], triggers: ReadonlyMap<string, TriggerId>): TriggerId[] {
    return names.map((name) => {
      const id = triggers.get(name);
      if (id !== undefined) return id;
      throw new EventTriggersError(
        'ET_UNKNOWN_TRIGGER',
        `The application "${this.application}" has no event trigger "${name}"; ${suggestion(name, [...triggers.keys()])}`,
      );
    });
  }

  /** The number that all ids of this database's events hold. */
  async installation(): Promise<number> {
    const [row] = await this.run<{ id: string }>(this.statements.installation, []);
    return Number(row?.id);
  }

  /** @throws EventTriggersError `ET_INVALID_EVENT_ID` or `ET_FOREIGN_EVENT_ID` */
  async placeOf(id: string): Promise<EventPlace> {
    const reference = eventNumberOf(id);
    if (reference === null) {
      throw new EventTriggersError('ET_INVALID_EVENT_ID', `"${id}" is no id of an event`, {
        hint: 'Give the id as receivers see it, a UUID of version 8.',
      });
    }
    if ((await this.installation()) !== reference.installation) {
      throw new EventTriggersError(
        'ET_FOREIGN_EVENT_ID',
        `The event ${id} is of another database`,
        { hint: 'Ask the application that sent it.' },
      );
    }
    return reference;
  }
}

export function unknownEvent(id: string): EventTriggersError {
  return new EventTriggersError('ET_UNKNOWN_EVENT', `There is no event ${id} of this application`, {
    hint: 'The log keeps delivered events as long as retention.events says.',
  });
}
