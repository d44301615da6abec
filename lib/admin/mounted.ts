import {
  type CanActivate,
  Controller,
  type Type,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { CrossSiteGuard } from './cross-site.guard.js';
import { Tagged } from './described.decorator.js';
import { ProblemFilter } from './problem.filter.js';

/** A guard's class, whose dependencies the module can give it, or a guard. */
export type Guard = Type<CanActivate> | CanActivate;

/** A controller of its own at a path, under the application's prefix, outside of its versions, behind guards. */
export function mounted(Routes: Type, path: string, guards: readonly Guard[]): Type {
  const Mounted = class extends Routes {};
  Object.defineProperty(Mounted, 'name', { value: Routes.name });
  UseGuards(...guards, CrossSiteGuard)(Mounted);
  UseFilters(ProblemFilter)(Mounted);
  Tagged('event triggers')(Mounted);
  Controller({ path, version: VERSION_NEUTRAL })(Mounted);
  return Mounted;
}
