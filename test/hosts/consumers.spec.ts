import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectEvent } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/test-database.js';
import { useShop } from './checks/journey.js';
import { compiledApps } from './support/compiled-apps.js';

describe.each(['nest-11', 'nest-12'] as const)('TypeScript on %s', (host) => {
  describe.each([
    ['ESM', /^import .* from 'nestjs-event-triggers'/m],
    ['CommonJS', /require\("nestjs-event-triggers"\)/],
  ] as const)('as %s', (kind, itsWay) => {
    const shop = useShop({ host, kind, database: createTestDatabase });

    it('compiles strictly and with skipLibCheck: false, to what it says', async () => {
      const { folder } = await compiledApps(host, kind);
      expect(readFileSync(join(folder, 'shop.js'), 'utf8')).toMatch(itsWay);
    });

    it('boots and delivers', async () => {
      await shop().insert('open');
      const { event } = await expectEvent(shop().receiver, { trigger: 'order_changed' });
      expect(event.data.new).toMatchObject({ status: 'open' });
    });
  });
});
