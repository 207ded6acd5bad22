// npm run e2e -- URL DATA: drives the real server through a browser, as its first user would.
//   URL   of a running ./graft up, with the demo
//   DATA  its data folder, for demo.key and admin.key
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { theFirstLoadIsSmall } from './loads.mjs';
import { everyBadAdapterIsExplained } from './bad-adapters.mjs';
import { camera, check, failures, open } from './browser.mjs';
import { aPriceIsChangedAndTakenBack, tenantsAreSortedByTheServer, usageIsReckonedAndExported } from './money.mjs';
import { checkAccessible, showAll, theKeyboardReachesEverything } from './pages.mjs';

const [url, data] = process.argv.slice(2);
if (!url || !data) {
  console.error('usage: npm run e2e -- URL DATA');
  process.exit(2);
}
const origin = new URL(url).origin;
const key = (name) => readFileSync(join(data, name), 'utf8').trim();
const here = import.meta.dirname;
const root = resolve(here, '../..');
const voice = join(root, 'server/src/main/resources/demo/adapters/house-voice');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shot = camera(join(here, '../test-results/screenshots'));
/** Addresses found on the way, shown with the other pages. */
let retrieval = '/';
let cited = '/';
let searched = '/';
const name = `ui-voice-${Date.now().toString(36)}`;

const { browser, page, problems } = await open(origin);
try {
  await theFirstLoadIsSmall(page);
  await signInRefusesAWrongKey();
  await signIn(key('demo.key'));
  await adaptersAreListed();
  await anAdapterIsUploaded();
  await itAnswersInThePlayground();
  await theBaseAnswersBesideIt();
  await aSecondVersionIsPromotedAndRolledBack();
  await anAliasIsSplitAndShadowed();
  await aVersionIsDescribedAndCompared();
  await theKeyboardReachesEverything(page, name, shot);
  await aBadAdapterIsExplained();
  await everyBadAdapterIsExplained(page, name, shot);
  await anAnswerCitesADocument();
  await usageIsReckonedAndExported(page, name);
  await theOverviewIsLive();
  await everyPageIsShown();
  await anEndedSessionComesBackToThePage();
  await signOutEndsTheSession();
  await theOperatorSeesMore();
  check(
    problems.length === 0,
    `no script error and no foreign request${problems.length ? `: ${problems.join('; ')}` : ''}`,
  );
  console.log(failures.length === 0 ? 'all of it holds' : `${failures.length} of it do not hold`);
  if (failures.length > 0) process.exitCode = 1;
} catch (failure) {
  await shot(page, 'failure');
  console.error(failure);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function signInRefusesAWrongKey() {
  await page.goto('/adapters');
  await page.getByLabel('API key').fill('not-a-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await shot(page, 'sign-in');
  check(new URL(page.url()).pathname === '/signin', 'a wrong key is refused with a message');
}

async function signIn(secret) {
  await page.goto('/signin?to=%2Fadapters');
  await page.getByLabel('API key').fill(secret);
  await page.getByLabel('API key').press('Enter');
  await page.getByRole('heading', { name: 'Adapters' }).waitFor();
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
  check(!stored.includes(secret), 'the key is in no storage and no cookie that scripts can read');
}

async function adaptersAreListed() {
  for (const one of ['triage', 'house-voice', 'raft-reader'])
    await page.getByRole('link', { name: one, exact: true }).waitFor();
  await shot(page, 'adapters');
  check(true, 'the three demo adapters are listed');
}

async function anAdapterIsUploaded() {
  await page.getByRole('button', { name: 'Upload adapter' }).click();
  await page
    .getByLabel('Files')
    .setInputFiles([join(voice, 'adapter_config.json'), join(voice, 'adapter_model.safetensors')]);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await shot(page, 'upload-chosen');
  await page.getByRole('button', { name: 'Upload and prove' }).click();
  await page.getByText(`${name} version 1 is stored.`).waitFor();
  const answers = page.getByRole('group', { name: /Answer of/ });
  await answers.getByTestId('measure').nth(1).waitFor();
  const [own, base] = await answers.getByTestId('answer').allInnerTexts();
  check(own !== '' && base !== '' && own !== base, 'the proof shows a probe answered by the adapter beside the base');
  await shot(page, 'upload-proved');
  check(true, 'an uploaded adapter is proved and stored');
}

async function itAnswersInThePlayground() {
  await page.getByRole('link', { name: 'Chat with it' }).click();
  await page.getByLabel('Message', { exact: true }).waitFor();
  await ask('How do I reset a password?');
  const answer = await page.getByTestId('answer').first().innerText();
  const measure = await page.getByTestId('measure').first().innerText();
  await shot(page, 'playground-adapter');
  check(answer.includes('In short'), `the uploaded adapter answers in its voice: ${answer.slice(0, 60)}`);
  check(
    /\d+ in.* \d+ out/.test(measure) && measure.includes(`${name}@1`),
    `tokens and version are shown: ${measure.replaceAll('\n', ' ')}`,
  );
}

async function theBaseAnswersBesideIt() {
  await page.goto(`/playground?columns=${name}`);
  await page.getByRole('button', { name: 'Compare' }).click();
  const second = page.getByRole('combobox').nth(1);
  await second.selectOption({ index: 0 });
  await page.getByRole('button', { name: 'Parameters' }).click();
  await page.getByLabel('Most new tokens').fill('32');
  await ask('How do I reset a password?', 2);
  await shot(page, 'playground-compare');
  const [one, two] = await page.getByTestId('answer').allInnerTexts();
  check(one !== two, 'the adapter and the base answer differently, side by side');
}

async function aSecondVersionIsPromotedAndRolledBack() {
  await page.goto(`/adapters/${name}`);
  await page.getByRole('link', { name: 'New version' }).click();
  await page
    .getByLabel('Files')
    .setInputFiles([join(voice, 'adapter_config.json'), join(voice, 'adapter_model.safetensors')]);
  await page.getByLabel('Note (optional)').fill('the same weights once more');
  await page.getByRole('button', { name: 'Upload and prove' }).click();
  await page.getByText(`${name} version 2 is stored.`).waitFor();
  await page.getByRole('button', { name: 'Promote to production' }).click();
  await page.getByText('The alias production now points at it.').waitFor();
  await page.getByRole('link', { name: 'Open adapter' }).click();
  await page.getByText('production → v2').waitFor();
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
  await page.getByText('production → v1').first().waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await shot(page, 'rolled-back');
  check(true, 'a second version is promoted and rolled back');
}

async function anAliasIsSplitAndShadowed() {
  await page.goto(`/adapters/${name}`);
  await page.getByRole('button', { name: 'New alias' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Alias').fill('canary');
  await dialog.getByRole('button', { name: 'Add a version' }).click();
  await dialog.getByLabel('Weight of part 1').fill('0');
  await dialog.getByLabel('Weight of part 2').fill('0');
  await dialog.getByText('At least one weight must be above 0.').waitFor();
  await dialog.getByLabel('Weight of part 1').fill('95');
  await dialog.getByLabel('Weight of part 2').fill('5');
  await dialog.getByText('weights sum to 100').waitFor();
  await dialog.getByLabel('Let a candidate answer too').check();
  await dialog.getByLabel('Share of requests, %').fill('50');
  const said = await dialog.getByTestId('what-happens').innerText();
  await shot(page, 'alias-editor');
  await checkAccessible(page, axe, 'the alias editor');
  await dialog.getByRole('button', { name: 'Create alias' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('canary → 5 % v1, 95 % v2').first().waitFor();
  await page.getByText('shadow v2, 50 %').waitFor();
  check(said.includes('95 % to v2') && said.includes('50 %'), `the dialog says what a split does: ${said}`);
  await page.getByRole('link', { name: 'Comparisons of canary' }).click();
  await page.getByText('Nothing compared yet').waitFor();
  check(true, 'an alias is split by weight with a shadow beside it');
}

async function aVersionIsDescribedAndCompared() {
  await page.goto(`/adapters/${name}/versions/2`);
  await page.getByRole('textbox', { name: 'Tags' }).fill('nightly, house');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('.page-head').getByText('nightly').waitFor();
  await page.getByRole('link', { name: 'Compare' }).click();
  await page.getByLabel('Version on the right').selectOption('1');
  await page.getByRole('figure', { name: 'Norms by layer of version 1' }).waitFor();
  check(
    page.url().includes('tab=compare'),
    'a version is tagged, and a comparison with its norms by layer has its own address',
  );
  await page.getByLabel('Prompt to keep').fill('How do I reset a password?');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: 'Ask both' }).click();
  await page
    .getByRole('group', { name: /Answer of/ })
    .getByTestId('measure')
    .nth(1)
    .waitFor();
  await shot(page, 'compare-prompts');
  await page.reload();
  await page.getByRole('button', { name: /Forget “How do I reset/ }).waitFor();
  check(true, 'a kept prompt is answered by both versions side by side, and is there again after a reload');
  await page.getByRole('tab', { name: 'Files' }).click();
  await page.getByText('adapter_model.safetensors').waitFor();
  check(new URL(page.url()).searchParams.get('tab') === 'files', 'each tab of an adapter has its own address');
}

async function aBadAdapterIsExplained() {
  await page.goto('/adapters?upload=new');
  const config = readFileSync(join(voice, 'adapter_config.json'));
  await page.getByLabel('Files').setInputFiles([
    { name: 'adapter_config.json', mimeType: 'application/json', buffer: config },
    {
      name: 'adapter_model.safetensors',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('BAD: not a tensor file at all'),
    },
  ]);
  await page.getByLabel('Name', { exact: true }).fill('broken');
  await page.getByRole('button', { name: 'Upload and prove' }).click();
  await page.getByText('nothing was stored').waitFor();
  await shot(page, 'upload-refused');
  check(true, 'a broken adapter is refused with the reason');
  await page.keyboard.press('Escape');
}

async function anAnswerCitesADocument() {
  await page.goto('/knowledge');
  await page.getByRole('button', { name: 'New store' }).click();
  await page.getByLabel('Name', { exact: true }).fill(`pumps ${name}`);
  await page.getByRole('button', { name: 'Create store' }).click();
  await page.getByText('Nothing to read yet').waitFor();
  const text =
    '# Otter-212 pump\n\nThis sheet describes the Otter-212 pump. The unit was introduced in 2025.\n\n' +
    '## Technical data\n\nThe Otter-212 pump runs at an operating pressure of 37 bar.\n';
  await page
    .getByLabel('Files')
    .setInputFiles({ name: 'otter-212.md', mimeType: 'text/markdown', buffer: Buffer.from(text) });
  await page.getByRole('row', { name: /otter-212\.md.*ready/ }).waitFor();
  await shot(page, 'store');
  const store = new URL(page.url()).pathname.split('/').at(-1);
  await page.goto(`/playground?columns=raft-reader~${store}`);
  await ask('What is the operating pressure of the Otter-212 pump?');
  const mark = page.getByRole('link', { name: /Citation 1/ }).first();
  await mark.hover();
  await page.getByText('word for word as stored').waitFor();
  await shot(page, 'citation');
  retrieval = await page.getByRole('link', { name: 'Why this answer' }).first().getAttribute('href');
  await page.getByRole('button', { name: 'Copy this request' }).click();
  await page.getByRole('menuitem', { name: 'Copy as Python' }).click();
  await page.getByText('Copied as Python').waitFor();
  const copied = await page.evaluate(() => globalThis.navigator.clipboard.readText());
  check(copied.includes('from openai import OpenAI') && copied.includes(store), 'a request is copied as Python');
  await mark.click();
  await page.locator('mark').first().waitFor();
  await shot(page, 'document');
  cited = new URL(page.url()).pathname + new URL(page.url()).search;
  const marked = (await page.locator('mark').allInnerTexts()).join('');
  check(marked.includes('37 bar'), `a citation opens the document at its words: ${marked}`);
  const heads = await page.locator('.chunk-head').allInnerTexts();
  check(
    heads.length > 0 && /otter-212/i.test(heads.join(' ')),
    `the document shows its chunks and their headings: ${heads.join(' | ').replaceAll('\n', ' ')}`,
  );
  await page.goto(`/knowledge/${store}?ask=operating+pressure`);
  await page.getByText('by words (BM25)').waitFor();
  searched = `/knowledge/${store}?ask=operating+pressure`;
  const slopes = await page.locator('.slope').count();
  check(slopes > 0, `the search tester shows both legs and the fused list: ${slopes} passages`);
}

async function everyPageIsShown() {
  const paths = {
    overview: '/',
    adapters: '/adapters',
    adapter: `/adapters/${name}`,
    'adapter-compare': `/adapters/${name}?tab=compare`,
    'adapter-traffic': `/adapters/${name}?tab=traffic`,
    'adapter-cost': `/adapters/${name}?tab=cost`,
    'adapter-files': `/adapters/${name}?tab=files`,
    version: `/adapters/${name}/versions/2`,
    shadows: `/adapters/${name}/shadows/canary`,
    playground: '/playground',
    knowledge: '/knowledge',
    receipts: '/receipts',
    'cited-document': cited,
    'store-search': searched,
    retrieval,
    usage: '/usage',
    'break-even': '/usage?view=break-even',
    advice: '/usage?view=advice',
    settings: '/settings',
  };
  await showAll(page, axe, shot, paths);
}

/** While an answer is being made, the overview in another tab lists it. */
async function theOverviewIsLive() {
  const other = await page.context().newPage();
  await other.goto('/');
  await other.getByText('Nothing at the moment.').waitFor();
  await page.goto(`/playground?columns=${name}`);
  await page.getByLabel('Message', { exact: true }).fill('Tell me all about passwords.');
  await page.getByLabel('Message', { exact: true }).press('Enter');
  await other.getByRole('row', { name: new RegExp(`${name}@`) }).waitFor();
  await shot(other, 'overview-running');
  check(true, 'a running answer shows up on the overview of another tab, by the server’s own events');
  await other.close();
}

async function anEndedSessionComesBackToThePage() {
  await page.goto('/adapters');
  await page.getByRole('heading', { name: 'Adapters' }).waitFor();
  const other = await page.context().newPage();
  await other.goto('/knowledge');
  await other.getByRole('heading', { name: 'Knowledge' }).waitFor();
  check(true, 'a second tab is signed in too');
  await other.close();
  await page.context().clearCookies();
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByLabel('API key').fill(key('demo.key'));
  await page.getByLabel('API key').press('Enter');
  await page.waitForURL(`**/adapters/${name}`);
  check(true, 'when the session has ended, signing in leads back to the page');
}

async function signOutEndsTheSession() {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
  await page.goto('/adapters');
  await page.getByLabel('API key').waitFor();
  check(true, 'after signing out every page asks for a key');
}

async function theOperatorSeesMore() {
  await signIn(key('admin.key'));
  await page.goto('/tenants');
  await page.getByRole('link', { name: 'demo', exact: true }).click();
  await page.getByRole('heading', { name: 'API keys' }).waitFor();
  const tenant = new URL(page.url()).pathname;
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name', { exact: true }).fill('end-to-end');
  await page.getByRole('button', { name: 'Make key' }).click();
  await page.getByText('Copy it now').waitFor();
  await page.getByRole('button', { name: 'I have it' }).click();
  await page
    .getByRole('row', { name: /end-to-end/ })
    .last()
    .getByRole('button', { name: 'Rotate' })
    .click();
  await page.getByRole('button', { name: 'Rotate key' }).click();
  await page.getByText('Copy it now').waitFor();
  await page.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  check(true, 'a key is rotated: its successor is shown once');
  const row = page.getByRole('row', { name: /end-to-end/ }).last();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  check(true, 'the operator makes a key, sees its secret once, and revokes it');
  await tenantsAreSortedByTheServer(page);
  await aPriceIsChangedAndTakenBack(page);
  await theOperatorOpensAnothersAdapter(tenant);
  await showAll(page, axe, shot, {
    'operator-overview': '/',
    'operator-adapters': '/adapters?tenant=demo',
    tenants: '/tenants',
    tenant,
    'operator-audit': '/settings?q=key.',
    margin: '/usage?view=margin',
    'operator-settings': '/settings',
  });
}

async function theOperatorOpensAnothersAdapter(tenant) {
  await page.goto(tenant);
  await page.getByRole('link', { name: 'Adapters' }).last().click();
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByText('production → v1').first().waitFor();
  await page.getByRole('link', { name: 'Version 2' }).click();
  await page.getByRole('figure', { name: 'Norms by layer of version 2' }).waitFor();
  const whose = new URL(page.url()).searchParams.get('tenant');
  check(whose === tenant.split('/').at(-1), `the operator opens another tenant’s adapter: ${page.url()}`);
}

/** Sends a prompt and waits until every column's answer has ended. */
async function ask(prompt, columns = 1) {
  await page.getByLabel('Message', { exact: true }).fill(prompt);
  await page.getByLabel('Message', { exact: true }).press('Enter');
  await page
    .getByTestId('measure')
    .nth(columns - 1)
    .waitFor();
}
