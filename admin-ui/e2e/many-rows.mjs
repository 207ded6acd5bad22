// npm run e2e:rows -- URL DATA [ROWS]: makes many tenants over the API, then times the table that lists them. By hand:
// they stay in the data folder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, failures, open } from './browser.mjs';

const [url, data, rows = '10000'] = process.argv.slice(2);
if (!url || !data) {
  console.error('usage: npm run e2e:rows -- URL DATA [ROWS]');
  process.exit(2);
}
const origin = new URL(url).origin;
const key = readFileSync(join(data, 'admin.key'), 'utf8').trim();
const AT_ONCE = 8;

let made = 0;
const maker = async () => {
  while (made < Number(rows)) {
    const name = `row-${String(made++).padStart(6, '0')}`;
    const response = await fetch(`${origin}/admin/v1/tenants`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    if (!response.ok) throw new Error(await response.text());
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, maker));

const { browser, page } = await open(origin);
try {
  await page.goto('/signin?to=%2Ftenants');
  await page.getByLabel('API key').fill(key);
  await page.getByLabel('API key').press('Enter');
  await page.getByRole('table', { name: 'tenants' }).waitFor();
  const timed = async (what, act, wait) => {
    const started = Date.now();
    await act();
    await wait();
    const millis = Date.now() - started;
    check(millis < 1000, `with ${rows} tenants ${what} takes ${millis} ms`);
  };
  const first = (name) => page.getByRole('row').nth(1).getByRole('link', { name, exact: true }).waitFor();
  await timed(
    'sorting by name',
    () => page.getByRole('button', { name: 'Name' }).click(),
    () => page.getByRole('columnheader', { name: 'Name' }).and(page.locator('[aria-sort="ascending"]')).waitFor(),
  );
  await timed(
    'a filter',
    () => page.getByLabel('Filter by name').fill('row-00999'),
    () => first('row-009990'),
  );
  await page.getByLabel('Filter by name').fill('row-');
  await first('row-000000');
  await timed(
    'the next page',
    () => page.getByRole('button', { name: 'Next page' }).click(),
    () => first('row-000025'),
  );
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  check(nodes < 3000, `the page holds ${nodes} elements`);
} finally {
  await browser.close();
}
if (failures.length > 0) process.exitCode = 1;
