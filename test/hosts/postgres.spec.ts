import { describe, expect, it } from 'vitest';
import { itGoesTheWholeWay, useShop } from './checks/journey.js';
import { hasServer, startDatabase } from './support/server-database.js';

const VERSIONS = ['14', '15', '16', '17', '18'];

describe.each(VERSIONS.filter(hasServer))('on Postgres %s', (version) => {
  const shop = useShop({ host: 'nest-12', database: () => startDatabase(version) });

  it('is the version that is meant', async () => {
    const [row] = await shop().database.query<{ number: number }>(
      `select current_setting('server_version_num')::integer / 10000 as number`,
    );
    expect(`${row?.number}`).toBe(version);
  });

  itGoesTheWholeWay(shop);
});
