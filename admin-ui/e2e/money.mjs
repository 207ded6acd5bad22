// What the ledger shows and what may be changed of it: reports, exports, break-even, advice, prices, tenants.
import { readFileSync } from 'node:fs';
import { check } from './browser.mjs';

export async function usageIsReckonedAndExported(page, name) {
  await page.goto('/usage');
  const [sheet] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const lines = readFileSync(await sheet.path(), 'utf8').split('\r\n');
  check(
    lines[0]?.startsWith('day,tenant,model,requests') && lines.some((line) => line.includes(`${name}@1`)),
    `usage is exported as CSV: ${lines.length - 1} lines`,
  );
  const [focus] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'FOCUS' }).click()]);
  const head = readFileSync(await focus.path(), 'utf8').split('\n')[0] ?? '';
  check(head.includes('BilledCost') && head.includes('ChargePeriodStart'), 'the ledger is exported in FOCUS’s columns');
  await page.getByRole('tab', { name: 'Break-even' }).click();
  await page.getByText('rule of thumb:').waitFor();
  const before = await page.getByTestId('finding').innerText();
  await page.getByLabel('Queries a month', { exact: true }).fill('90000000');
  await page.getByTestId('finding').getByText('90,000,000 times a month').waitFor();
  check(before.includes('a month'), `the break-even is said of one’s own figures: ${before}`);
  await page.getByRole('tab', { name: 'Advice' }).click();
  await page.getByText('How many labelled examples?').waitFor();
  const questions = await page.locator('.questions > li').count();
  const known = await page.locator('.questions svg.ok').count();
  check(questions === 6 && known > 0, `the advisor has six questions, ${known} of them filled in`);
}

export async function tenantsAreSortedByTheServer(page) {
  await page.goto('/tenants');
  await page.getByRole('button', { name: 'Name' }).click();
  await page.waitForURL('**/tenants?sort=name&order=asc');
  await page.getByRole('columnheader', { name: 'Name', exact: false }).first().waitFor();
  await page.getByLabel('Filter by name').fill('DEM');
  await page.waitForURL('**q=DEM**');
  await page.getByRole('link', { name: 'operator', exact: true }).waitFor({ state: 'detached' });
  check(
    await page.getByRole('link', { name: 'demo', exact: true }).isVisible(),
    'tables are sorted and filtered by the server, and their address says how',
  );
}

export async function aPriceIsChangedAndTakenBack(page) {
  await page.goto('/settings');
  const price = page.getByLabel(/^Price of decode/).first();
  const before = await price.inputValue();
  await price.fill(String(Number(before) + 1));
  await page
    .getByRole('region', { name: 'Price book' })
    .getByRole('button', { name: 'Save as a new revision' })
    .click();
  await page.getByText('counts for requests from now on').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Taken back.').waitFor();
  check((await price.inputValue()) === before, 'a changed price is taken back by one click');
}
