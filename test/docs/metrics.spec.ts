import { describe, expect, it } from 'vitest';
import { blocksOf, documents, tableRows, type Document } from './documents.js';

const RUNBOOK = 'lib/docs/operations.md';
const TELEMETRY = 'lib/telemetry/README.md';
const PREFIX = 'event_triggers_';

async function documentOf(path: string): Promise<Document | undefined> {
  return (await documents()).find((one) => one.path === path);
}

/** The names in the first column of its tables of metrics, without the prefix and labels. */
const metricsOf = (document: Document): string[] =>
  tableRows(document, /^metric\b/).flatMap(([first = '']) =>
    [...first.matchAll(/`([a-z_]+)(?:\{[^}]*\})?`/g)].map(([, name]) => name!.replace(PREFIX, '')),
  );

describe('the runbook', () => {
  it('has a line for each metric, and for no other', async () => {
    const documented = metricsOf((await documentOf(TELEMETRY))!);
    expect(documented.length, 'metrics in its table').toBeGreaterThan(0);
    const runbook = metricsOf((await documentOf(RUNBOOK))!);
    expect(runbook.toSorted()).toEqual(documented.toSorted());
  });

  it('alerts by metrics that it has a line for', async () => {
    const runbook = (await documentOf(RUNBOOK))!;
    const lines = metricsOf(runbook);
    const rules = blocksOf(runbook).filter(({ language }) => language === 'yaml');
    const used = rules.flatMap(({ code }) =>
      [...code.matchAll(/event_triggers_([a-z_]+)/g)].map(([, name]) =>
        name!.replace(/_(bucket|sum|count)$/, ''),
      ),
    );
    expect(used.length, 'metrics in alert rules').toBeGreaterThan(0);
    expect(used.filter((name) => !lines.includes(name))).toEqual([]);
  });
});
