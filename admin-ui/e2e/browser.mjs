// A browser for the tests: the system's Chromium, a fresh profile, no request to any other host.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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

/** Fails with each violation that axe-core finds on the page. */
export async function checkAccessible(page, axeSource, name) {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map(
      (one) =>
        `${one.id}: ${one.nodes
          .slice(0, 3)
          .map((node) => node.target.join(' '))
          .join(' | ')}`,
    );
  });
  check(violations.length === 0, `${name} is accessible${violations.length ? `: ${violations.join('; ')}` : ''}`);
}

/** Until nothing on the page is awaited any more. The network is never idle where the overview follows its stream. */
async function settled(page) {
  await page.waitForFunction(() => document.querySelector('.skeleton, [aria-busy="true"]') === null);
}

/** Opens each page in both themes and at 360 px: takes its picture, asks axe-core, and measures its width. */
export async function showAll(page, axe, shot, paths) {
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [what, path] of Object.entries(paths)) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled(page);
      await shot(page, `${what}-${theme}`);
      await checkAccessible(page, axe, `${what} in ${theme}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 360, height: 720 });
  for (const [what, path] of Object.entries(paths)) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settled(page);
    await shot(page, `${what}-360`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= 360, `${what} fits 360 px (${width})`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** All that a fresh browser takes to show the sign-in page, by gzip where it is text. */
export async function theFirstLoadIsSmall(page) {
  const bodies = [];
  const take = (response) => bodies.push(response.body().then((body) => [response.url(), body]));
  page.on('response', take);
  await page.goto('/signin');
  await page.getByLabel('API key').waitFor();
  await page.waitForLoadState('networkidle');
  page.off('response', take);
  const compressed = (await Promise.all(bodies)).map(([path, body]) =>
    path.endsWith('.woff2') ? body.length : gzipSync(body).length,
  );
  const kilobytes = Math.round(compressed.reduce((sum, size) => sum + size, 0) / 1000);
  const interactive = await page.evaluate(
    () => globalThis.performance.getEntriesByType('navigation')[0].domInteractive,
  );
  check(
    kilobytes <= 250,
    `the first load is ${kilobytes} kB compressed, interactive after ${Math.round(interactive)} ms`,
  );
}
