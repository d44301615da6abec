import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Where a Chromium is; undefined on a machine without one. */
export const chromiumPath = PLACES.find((path) => path !== undefined && existsSync(path));

/** Nothing of it asks anything on the network but the page itself. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export function startBrowser(): Promise<Browser> {
  if (chromiumPath === undefined)
    throw new Error('There is no Chromium; CHROMIUM_PATH can name it');
  return chromium.launch({ executablePath: chromiumPath, args: QUIET });
}
