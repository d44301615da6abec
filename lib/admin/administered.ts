/** The `EventTriggersService` that the controllers of one module speak for. */
export const ADMINISTERED = Symbol('AdministeredEventTriggers');
