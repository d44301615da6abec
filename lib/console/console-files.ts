import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventTriggersError } from '../event-triggers.errors.js';

/** Beside this file in the package; where it runs from its sources, in what was built of them. */
const PLACES = ['./web/', '../../dist/console/web/'];

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file of the page, whose name changes with its content. */
export interface Asset {
  readonly type: string;
  /** All of them are texts; hosts write anything but a text as JSON. */
  readonly content: string;
}

/** The page as it was built. */
export interface ConsoleFiles {
  readonly page: string;
  /** By their names: nothing else can be asked for. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/** @throws EventTriggersError `ET_CONSOLE_NOT_BUILT`, which no published package does */
export function readConsoleFiles(): ConsoleFiles {
  const folder = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(
    (place) => existsSync(`${place}assets`),
  );
  if (folder === undefined) {
    throw new EventTriggersError('ET_CONSOLE_NOT_BUILT', 'The page of the console is not there', {
      hint: 'Run npm run build:console.',
    });
  }
  return {
    page: readFileSync(`${folder}index.html`, 'utf8'),
    assets: new Map(
      readdirSync(`${folder}assets`).map((name) => [
        name,
        {
          type: TYPES[extname(name)] ?? 'application/octet-stream',
          content: readFileSync(`${folder}assets/${name}`, 'utf8'),
        },
      ]),
    ),
  };
}
