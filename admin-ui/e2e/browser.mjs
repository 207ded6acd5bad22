// A browser for the tests: the system's Chromium, a fresh profile, no request to any other host.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function open(origin, { width = 1280, height = 800, theme = 'light' } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: quiet,
  });
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    baseURL: origin,
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const problems = [];
  const page = await context.newPage();
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      problems.push(`foreign request ${request.url()}`);
  });
  page.on('pageerror', (error) => problems.push(`script error ${error.message}`));
  page.on('console', (message) => {
    // The browser logs every refused request too; those are asserted where they are expected.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(message.text());
  });
  page.setDefaultTimeout(Number(process.env.E2E_TIMEOUT_MS ?? 90_000));
  return { browser, context, page, problems };
}

/** Takes pictures into a folder, numbered in the order they were taken. */
export function camera(folder) {
  mkdirSync(folder, { recursive: true });
  let taken = 0;
  return async (page, name) => {
    taken++;
    await page.screenshot({ path: join(folder, `${String(taken).padStart(2, '0')}-${name}.png`) });
  };
}

export const failures = [];

/** Says whether it holds and goes on, so that one run finds all that is wrong. */
export function check(holds, sentence) {
  if (!holds) failures.push(sentence);
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${sentence}`);
}
