export const attach = (_: unknown): string => '';
