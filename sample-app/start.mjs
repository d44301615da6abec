// @ts-check
/**
 * `npm start`: from a fresh clone to a running sample app. Installs and builds what is
 * missing and starts a Postgres of its own, unless DATABASE_URL names one. Everything of
 * it ends with Ctrl-C, and the data with it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.mjs';
import { installMissing } from '../test/support/install-missing.mjs';
import { startPostgres } from '../test/support/postgres/start-postgres.mjs';
import { buildOutdated } from './build-outdated.mjs';
import { acceptsConnections } from './accepts-connections.mjs';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const PASSWORD_BYTES = 12;

installMissing();
buildOutdated();

const postgres = process.env['DATABASE_URL']
  ? undefined
  : await startPostgres({ password: randomBytes(PASSWORD_BYTES).toString('hex') });
const databaseUrl = postgres?.url ?? process.env['DATABASE_URL'];
const port = process.env['PORT'] ?? `${await freePort()}`;

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
    // Orders come by themselves, so that there is something to watch; PLACE_ORDERS=0 leaves it quiet.
    env: { PLACE_ORDERS: '1', ...process.env, DATABASE_URL: databaseUrl, PORT: port },
  },
);

const ended = once(app, 'exit');

let askedToStop = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    askedToStop = true;
    app.kill(signal);
  });
}

if (await acceptsConnections(app, Number(port))) {
  const hiddenPassword = databaseUrl?.replace(/:[^:@/]*@/, ':***@');
  console.log(`
  The sample app is open for business:

    application  http://localhost:${port}
    database     ${postgres ? databaseUrl : hiddenPassword}

  Ctrl-C stops it${postgres ? ' and throws the data away' : ''}.
`);
}

const [code] = await ended;
await postgres?.stop();
process.exitCode = askedToStop ? 0 : (code ?? 1);
