import { describe } from 'vitest';
import { createTestDatabase } from '../../support/test-database.js';
import type { Host } from '../support/installation.js';
import { describeComposition } from './composition.js';
import { itGoesTheWholeWay, useShop } from './journey.js';
import { describeStrictShop } from './strict-shop.js';

const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What is to hold in applications on one major version of Nest. */
export function describeHost(host: Host): void {
  describe.each(PLATFORMS)(`on %s`, (platform) => {
    describe('the application of the README', () => {
      const env = () => ({ PLATFORM: platform });
      itGoesTheWholeWay(useShop({ host, database: createTestDatabase, env }));
    });
    describeStrictShop(host, platform);
  });
  describeComposition(host);
}
