// @ts-check
/**
 * `npm start`: from a fresh clone to a running sample app. Installs and builds what is
 * missing and starts a Postgres of its own, unless DATABASE_URL names one. Everything of
 * it ends with Ctrl-C, and the data with it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMissing } from '../test/support/install-missing.mjs';
import { startPostgres } from '../test/support/postgres/start-postgres.mjs';
import { buildOutdated } from './build-outdated.mjs';
import { CannotStart } from './cannot-start.mjs';
import { choosePort } from './choose-port.mjs';
import { stopWithParent } from './stop-with-parent.mjs';
import { whereToLook } from './where-to-look.mjs';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const PASSWORD_BYTES = 12;

stopWithParent();
try {
  await openShop();
} catch (error) {
  if (!(error instanceof CannotStart)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function openShop() {
  const givenUrl = process.env['DATABASE_URL'];
  const port = await choosePort();
  installMissing();
  if (givenUrl) {
    // Needs the driver, which may have been installed just now.
    const { describeDatabase } = await import('./given-database.mjs');
    console.log(`using the database of DATABASE_URL: ${describeDatabase(givenUrl)}`);
  }
  buildOutdated();

  const postgres = givenUrl
    ? undefined
    : await startPostgres({ password: randomBytes(PASSWORD_BYTES).toString('hex') });
  const folder = await mkdtemp(join(tmpdir(), 'sample-app-'));
  const outbox = process.env['EMAILS_FILE'] || join(folder, 'emails.jsonl');

  const app = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--import',
      './sample-app/end-with-parent.mjs',
      'sample-app/dist/main.js',
    ],
    {
      cwd: REPOSITORY,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: {
        // Orders come by themselves, so that there is something to watch; PLACE_ORDERS=0 leaves it quiet.
        PLACE_ORDERS: '1',
        ...process.env,
        DATABASE_URL: postgres?.url ?? givenUrl,
        PORT: `${port}`,
        EMAILS_FILE: outbox,
        RUN_FOLDER: folder,
      },
    },
  );

  const ended = once(app, 'exit');
  // The app's only message: it listens. Whoever else answers at the port is no sign of that.
  app.once('message', () => {
    const url = `http://localhost:${port}`;
    console.log(whereToLook({ url, ownDatabaseUrl: postgres?.url, outbox }));
  });

  let askedToStop = false;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      askedToStop = true;
      app.kill(signal);
    });
  }

  const [code] = await ended;
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
  process.exitCode = askedToStop ? 0 : (code ?? 1);
}
