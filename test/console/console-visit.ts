import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PASSWORD } from '../admin/administered-app.js';

/** Longer than a retry and a look of the page, on a machine that others use too. */
const MOST_WAITING = 15_000;

export interface ConsoleVisit {
  readonly page: Page;
  /** What the page or the browser complained of, such as a violation of the content security policy. */
  readonly complaints: readonly string[];
  /** What was asked for that does not lie below the page. */
  readonly strayRequests: readonly string[];
  readonly close: () => Promise<void>;
}

/** Somebody whom the host's guard lets in, in a browser that has never been there. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ConsoleVisit> {
  const context = await browser.newContext({
    extraHTTPHeaders: { authorization: PASSWORD },
    timezoneId: 'Asia/Kolkata',
    ...options,
  });
  context.setDefaultTimeout(MOST_WAITING);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const strayRequests: string[] = [];
  const { origin, pathname } = new URL(url);
  page.on('request', (request) => {
    if (!request.url().startsWith(origin + pathname)) strayRequests.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, strayRequests, close: () => context.close() };
}
