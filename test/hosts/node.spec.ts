import { execFileSync } from 'node:child_process';
import { expectEvent } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/test-database.js';
import { useShop } from './checks/journey.js';
import { hasNodeReleases, NODE_RELEASES, nodeRelease } from './support/node-release.js';

describe.runIf(hasNodeReleases).each(NODE_RELEASES)('on Node %s', (release) => {
  describe.each(['ESM', 'CommonJS'] as const)('as %s', (kind) => {
    const node = () => nodeRelease(release);
    const shop = useShop({ host: 'nest-12', kind, node, database: createTestDatabase });

    it('boots and delivers', async () => {
      const version = execFileSync(await node(), ['--version'], { encoding: 'utf8' });
      expect(version).toMatch(new RegExp(`^v${release}\\.`));
      await shop().insert('open');
      const { event } = await expectEvent(shop().receiver, { trigger: 'order_changed' });
      expect(event.data.new).toMatchObject({ status: 'open' });
    });

    it('prints no warning of Node', () => {
      expect(shop().app.output()).not.toMatch(/\(node:\d+\)/);
    });
  });
});
