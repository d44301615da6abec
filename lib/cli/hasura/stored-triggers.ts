import { EventTriggersError } from '../../event-triggers.errors.js';
import type { EventTriggersService } from '../../event-triggers.service.js';
import { failureOf } from '../failure.js';
import type { ImportedTrigger } from './imported-trigger.js';

/** What became of a definition that was to be stored. */
export interface StoredImport {
  readonly name: string;
  /** `'there'`: a trigger of that name was there before, and was left as it is. */
  readonly state: 'made' | 'there' | 'left out' | 'refused';
  /** Why it was not made, and what to do about it. */
  readonly reason?: string;
}

/** Makes a trigger of each definition that JSON can say; one that is refused keeps none of the others from being made. */
export async function storeTriggers(
  service: Pick<EventTriggersService, 'createTrigger'>,
  triggers: readonly ImportedTrigger[],
): Promise<StoredImport[]> {
  const outcomes: StoredImport[] = [];
  // One after the other: each waits for the writers of its table.
  for (const trigger of triggers) outcomes.push(await store(service, trigger));
  return outcomes;
}

async function store(
  service: Pick<EventTriggersService, 'createTrigger'>,
  { definition, transform }: ImportedTrigger,
): Promise<StoredImport> {
  const { name } = definition;
  if (transform !== undefined) {
    const reason =
      'It has a request_transform, which has to be a function: make a file with --out, write the function, and define it in the code.';
    return { name, state: 'left out', reason };
  }
  try {
    await service.createTrigger(definition);
    return { name, state: 'made' };
  } catch (error) {
    if (!(error instanceof EventTriggersError)) throw error;
    if (error.code === 'ET_TRIGGER_EXISTS') return { name, state: 'there' };
    const { message, hint } = failureOf(error);
    return { name, state: 'refused', reason: hint === null ? message : `${message} ${hint}` };
  }
}
