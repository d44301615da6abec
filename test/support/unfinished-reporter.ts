/**
 * Says what had begun and not ended, and what had failed, when a run is cut off from outside: a
 * hang is then told by the name of its test. A test that waits is ended by its timeout; one that
 * computes without end, or a file that never loads, is not.
 *
 * With UNFINISHED_TESTS the same is written to the file of that name.
 */
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

const CUT_OFF = 'SIGTERM';

export default class UnfinishedReporter implements Reporter {
  private readonly running = new Map<string, { name: string; since: number }>();
  private readonly failed: string[] = [];

  onInit(): void {
    process.once(CUT_OFF, () => {
      const report = this.lines().join('\n');
      console.error(report);
      const file = process.env['UNFINISHED_TESTS'];
      if (file) writeFileSync(file, `${report}\n`);
      process.exit(128 + constants.signals[CUT_OFF]);
    });
  }

  onTestModuleQueued(module: TestModule): void {
    this.begin(module.id, module.relativeModuleId);
  }

  onTestModuleEnd(module: TestModule): void {
    this.running.delete(module.id);
  }

  onTestCaseReady(test: TestCase): void {
    this.begin(test.id, nameOf(test));
  }

  onTestCaseResult(test: TestCase): void {
    this.running.delete(test.id);
    if (test.result().state === 'failed') this.failed.push(nameOf(test));
  }

  private begin(id: string, name: string): void {
    this.running.set(id, { name, since: Date.now() });
  }

  private lines(): string[] {
    const unfinished = [...this.running.values()].map(
      ({ name, since }) => `unfinished after ${Math.round((Date.now() - since) / 1000)} s: ${name}`,
    );
    return [...this.failed.map((name) => `failed: ${name}`), ...unfinished];
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
