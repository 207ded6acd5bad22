// npm run e2e:load -- URL DATA: five fresh browsers open the sign-in page, then the overview; prints what came over the
// wire and when the page could be used. By hand: a time means something on a quiet machine only.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from './browser.mjs';
import { load, watchLoads } from './loads.mjs';

const [url, data] = process.argv.slice(2);
if (!url || !data) {
  console.error('usage: npm run e2e:load -- URL DATA');
  process.exit(2);
}
const ROUNDS = 5;
const key = readFileSync(join(data, 'admin.key'), 'utf8').trim();
for (let round = 1; round <= ROUNDS; round++) {
  const { browser, context, page } = await open(new URL(url).origin);
  await watchLoads(page);
  const first = await load(page, '/signin');
  await page.getByLabel('API key').fill(key);
  await page.getByLabel('API key').press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  // A second browser with the session and an empty cache.
  const fresh = await browser.newContext({ baseURL: url, storageState: await context.storageState() });
  const other = await fresh.newPage();
  await watchLoads(other);
  const overview = await load(other, '/');
  console.log(
    `round ${round}: sign-in ${first.kilobytes} kB, usable after ${first.usableAfter} ms; ` +
      `overview ${overview.kilobytes} kB, usable after ${overview.usableAfter} ms`,
  );
  await browser.close();
}
