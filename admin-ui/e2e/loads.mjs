// What a page takes over the wire, and when it can be used.
import { check } from './browser.mjs';

/** Notes in every page when its field to type in, or its heading, is first painted. */
export async function watchLoads(page) {
  await page.addInitScript(() => {
    const seen = new globalThis.MutationObserver(() => {
      if (document.querySelector('h1, input') === null) return;
      seen.disconnect();
      // The frame after the one that paints it: by then the page answers to keys.
      requestAnimationFrame(() => requestAnimationFrame(() => (globalThis.usableAfter = performance.now())));
    });
    seen.observe(document, { childList: true, subtree: true });
  });
}

/** Opens a page; kilobytes as they came, compressed, and milliseconds from the start of the navigation. */
export async function load(page, path) {
  await page.goto(path);
  await page.waitForFunction(() => globalThis.usableAfter !== undefined);
  await page.waitForLoadState('load');
  return page.evaluate(() => {
    const came = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
    const bytes = came.reduce((sum, one) => sum + one.encodedBodySize, 0);
    return { kilobytes: Math.round(bytes / 1000), usableAfter: Math.round(globalThis.usableAfter) };
  });
}

/** All that a fresh browser takes to show the sign-in page. */
export async function theFirstLoadIsSmall(page) {
  await watchLoads(page);
  const { kilobytes, usableAfter } = await load(page, '/signin');
  check(
    kilobytes > 50 && kilobytes <= 250,
    `the first load is ${kilobytes} kB compressed, usable after ${usableAfter} ms`,
  );
}
