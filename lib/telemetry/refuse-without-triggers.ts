import type { ModuleRef } from '@nestjs/core';
import { InvalidOptionsError } from '../event-triggers.errors.js';
import { DEFAULT_DATA_SOURCE, tokenOf } from '../event-triggers.tokens.js';
import { optionalProvider } from '../optional-provider.js';

/** @throws InvalidOptionsError where the application has no event triggers of the data source, and this module no work */
export function refuseWithoutTriggers(
  moduleRef: ModuleRef,
  dataSource: string,
  moduleName: string,
): void {
  if (optionalProvider(moduleRef, tokenOf('Lifecycle', dataSource)) !== null) return;
  const where = dataSource === DEFAULT_DATA_SOURCE ? '' : ` of "${dataSource}"`;
  throw new InvalidOptionsError(`${moduleName} found no event triggers${where}`, {
    hint: 'Import EventTriggersModule.forRoot, with the same dataSource.',
  });
}
