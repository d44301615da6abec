import { validateDefinitions } from './event-triggers.options.js';
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
