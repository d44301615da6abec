import { DataSource } from 'typeorm';
import { validateOptions } from '../../../lib/event-triggers.options.js';
import { EventTriggersService } from '../../../lib/event-triggers.service.js';
import { APPLICATION, SCHEMA, type Engine } from './engine.js';

/** What an application calls at run time, without an application; `source` is for the caller to destroy. */
export async function serviceOf(
  { database }: Engine,
  deployment: string | null = null,
): Promise<{ service: EventTriggersService; source: DataSource }> {
  const source = await new DataSource(database.dataSourceOptions).initialize();
  const service = new EventTriggersService(
    source,
    validateOptions({
      schema: SCHEMA,
      application: APPLICATION,
      deployment: deployment ?? undefined,
      attachTimeout: 1_000,
    }),
    {
      health: () => ({ isHealthy: true, problems: [], drifted: [] }),
      load: () => null,
      problemsOfDestination: () => [],
    },
  );
  return { service, source };
}
