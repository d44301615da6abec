import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventTriggers } from './support/command-line.js';
import { openShop, type Shop } from './support/shop.js';

describe('event-triggers triggers', () => {
  let shop: Shop;
  let folder: string;

  beforeAll(async () => {
    shop = await openShop();
    folder = await mkdtemp(join(tmpdir(), 'event-triggers-cli-'));
  });
  afterAll(async () => {
    await shop.close();
    await rm(folder, { recursive: true });
  });

  const file = async (name: string, content: unknown): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(content));
    return path;
  };

  it('lists them, and shows one', async () => {
    expect((await shop.run('triggers')).stdout).toMatch(/^order_created +public\.orders/m);
    const shown = await shop.run('triggers', 'show', 'order_created');
    expect(shown.stdout).toContain(`webhook         ${shop.receiver.url}`);
  });

  it('names the one that may be meant', async () => {
    const { code, stderr } = await shop.run('triggers', 'show', 'order_craeted');

    expect(code).toBe(1);
    expect(stderr).toContain('error ET_UNKNOWN_TRIGGER');
    expect(stderr).toContain('did you mean "order_created"?');
  });

  it('pauses and resumes one', async () => {
    const paused = await shop.run('triggers', 'pause', 'order_created');
    expect(paused, 'said on stderr, since there is no result').toMatchObject({
      code: 0,
      stdout: '',
      stderr: '"order_created" is paused\n',
    });
    const [trigger] = await shop.service.listTriggers();
    expect(trigger!.deliveryPaused).toMatchObject({ reason: 'hand' });

    expect(await shop.result('triggers', 'resume', 'order_created')).toEqual({
      trigger: 'order_created',
      changed: true,
    });
    expect((await shop.run('triggers', 'resume', 'order_created', '--quiet')).stderr).toBe('');
  });

  it('makes one, changes it and deletes it', async () => {
    const definition = {
      name: 'order_deleted',
      table: 'orders',
      delete: true,
      webhook: shop.receiver.url,
    };

    const made = await shop.run('triggers', 'create', await file('made.json', definition));
    expect(made, `told: ${made.stderr}`).toMatchObject({
      code: 0,
      stderr: '"order_deleted" was made\n',
    });
    const changed = await shop.result(
      'triggers',
      'update',
      'order_deleted',
      await file('changes.json', { webhook: `${shop.receiver.url}/v2` }),
    );
    expect(changed).toMatchObject({ webhook: `${shop.receiver.url}/v2` });
    const deleted = await shop.result(
      'triggers',
      'delete',
      'order_deleted',
      '--when-removed',
      'purge',
    );
    expect(deleted).toEqual({ trigger: 'order_deleted', waiting: 0 });
  });

  it('prints the statements of one that is only tried', async () => {
    const input = JSON.stringify({
      name: 'tried',
      table: 'orders',
      insert: true,
      webhook: 'https://example.com',
    });

    const { code, stdout, stderr } = await eventTriggers(['triggers', 'create', '-', '--dry-run'], {
      url: shop.database.url,
      input,
    });

    expect(code, `told: ${stderr}`).toBe(0);
    expect(stdout).toContain('create or replace trigger');
    expect((await shop.service.listTriggers()).map(({ name }) => name)).not.toContain('tried');
  });

  it('refuses to change what is defined in code, and a file that is no JSON', async () => {
    const owned = await shop.run('triggers', 'delete', 'order_created');
    expect(owned.code).toBe(1);
    expect(owned.stderr).toContain('ET_OWNED_BY_CODE');

    await writeFile(join(folder, 'broken.json'), '{');
    const broken = await shop.run('triggers', 'create', join(folder, 'broken.json'));
    expect(broken.code).toBe(2);
    expect(broken.stderr).toContain('is no JSON');
  });
});
