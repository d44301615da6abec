import 'reflect-metadata';
import { getMetadataStorage } from 'class-validator';
import {
  BreakerOptions,
  DestinationOptions,
  DispatcherOptions,
  EventTriggersOptions,
  RetentionOptions,
  RetryOptions,
} from 'nestjs-event-triggers';
import { describe, expect, it } from 'vitest';
import { TriggerDefinitionRules } from '../../lib/pipeline/attach/trigger-definition.rules.js';
import { read, tableRows } from './documents.js';

type OptionsClass = abstract new () => object;

/** Options that are objects of options. */
const NESTED: Record<string, OptionsClass> = {
  retry: RetryOptions,
  breaker: BreakerOptions,
  destinations: DestinationOptions,
  retention: RetentionOptions,
  dispatcher: DispatcherOptions,
};
/** They shape the module graph, and are no options of the class. */
const EXTRAS = ['isGlobal', 'dataSource', 'httpModule'];

function propertiesOf(target: OptionsClass): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(target, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

/** `a.b`, `.c` in one cell are a.b and a.c. */
function namesIn(cell: string): string[] {
  let parent = '';
  return [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => {
    if (name!.startsWith('.')) return parent + name;
    parent = name!.split('.')[0]!;
    return name!;
  });
}

const namesOf = async (heading: RegExp): Promise<string[]> =>
  tableRows({ path: 'README.md', text: await read('README.md') }, heading).flatMap(([cell = '']) =>
    namesIn(cell),
  );

describe('the tables of the README', () => {
  it('name the options that there are, and all of them', async () => {
    const inCode = propertiesOf(EventTriggersOptions).flatMap((name) => {
      const nested = NESTED[name];
      return nested === undefined ? [name] : propertiesOf(nested).map((one) => `${name}.${one}`);
    });
    const named = (await namesOf(/^option$/)).filter((name) => !EXTRAS.includes(name));
    // The dispatcher can be switched off as a whole, which has a row of its own.
    expect(named.toSorted()).toEqual([...inCode, 'dispatcher'].toSorted());
  });

  it('name the fields of a definition that there are, and all of them', async () => {
    // `payload` and `when` belong to the operations.
    const named = (await namesOf(/^field$/)).filter((name) => !['payload', 'when'].includes(name));
    expect(named.toSorted()).toEqual(propertiesOf(TriggerDefinitionRules).toSorted());
  });
});
