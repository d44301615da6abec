import type { ModuleRef } from '@nestjs/core';

/** A provider of any module of the application; null where there is none. */
export function optionalProvider<Provided>(
  moduleRef: ModuleRef,
  token: Parameters<ModuleRef['get']>[0],
): Provided | null {
  try {
    return moduleRef.get<Provided>(token, { strict: false });
  } catch {
    return null;
  }
}
