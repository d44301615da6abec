import type { LoggerService } from '@nestjs/common';

/** Keeps what an application logs, as `context: message` for each level a test asks about. */
export class RecordingLogger implements LoggerService {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  log(): void {}

  warn(message: unknown, ...rest: unknown[]): void {
    this.warnings.push(`${String(rest.at(-1))}: ${String(message)}`);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.errors.push(`${String(rest.at(-1))}: ${String(message)}`);
  }
}
