import type { OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { InvalidOptionsError } from './event-triggers.errors.js';
import { validateDefinitions } from './event-triggers.options.js';
import { DEFAULT_DATA_SOURCE, tokenOf } from './event-triggers.tokens.js';
import type { TriggerDefinition } from './pipeline/attach/trigger-definition.js';

/** Collects what feature modules define until bootstrap, when all modules have spoken. */
export class FeatureDefinitions {
  private readonly definitions: TriggerDefinition[] = [];

  add(definitions: readonly TriggerDefinition[]): void {
    validateDefinitions('The definitions of EventTriggersModule.forFeature', definitions);
    this.definitions.push(...definitions);
  }

  all(): readonly TriggerDefinition[] {
    return this.definitions;
  }
}

/**
 * Hands the definitions of one feature module to the `forRoot` of its data source, wherever in the
 * application that stands and whether or not it is global.
 */
export class FeatureHandover implements OnModuleInit {
  constructor(
    private readonly definitions: readonly TriggerDefinition[],
    private readonly dataSource: string,
    private readonly moduleRef: ModuleRef,
  ) {}

  onModuleInit(): void {
    this.collector().add(this.definitions);
  }

  private collector(): FeatureDefinitions {
    try {
      return this.moduleRef.get(tokenOf('FeatureDefinitions', this.dataSource), { strict: false });
    } catch (error) {
      throw rootMissing(this.dataSource, error);
    }
  }
}

function rootMissing(dataSource: string, cause: unknown): InvalidOptionsError {
  const isDefault = dataSource === DEFAULT_DATA_SOURCE;
  const whose = isDefault ? 'the default data source' : `the data source "${dataSource}"`;
  const options = isDefault ? '' : `{ dataSource: '${dataSource}' }`;
  return new InvalidOptionsError(
    `EventTriggersModule.forFeature defines triggers on ${whose}, for which there is no forRoot`,
    {
      hint: `Import EventTriggersModule.forRoot(${options}) in the root module, or name another data source.`,
      cause,
    },
  );
}
