// The adapters of ../shared/adapters-bad through the page: each message has to name the problem.
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { check } from './browser.mjs';

const root = resolve(import.meta.dirname, '../..');

/** What the message on each bad adapter must say. */
const problemWords = {
  'pickle-weights': /pickle/,
  'nan-weights': /NaN|not finite/i,
  'inf-weights': /infinit|not finite/i,
  'wrong-shape': /lora_A/,
  'rank-mismatch': /rank|\br\b/,
  'missing-lora-b': /lora_B/,
  'unknown-module': /module/,
  truncated: /truncated|cut|end|bytes/i,
  'header-bomb': /header/i,
  'overlapping-offsets': /overlap|same bytes/i,
  'no-config': /adapter_config\.json is missing/,
  'not-json-config': /JSON/,
  'wrong-peft-type': /IA3/,
  'zero-rank': /\br\b|rank/,
  'huge-rank': /1,?000,?000/,
  'nan-alpha': /lora_alpha/,
  'all-zero-b': /lora_B .*zero/,
};

/** Each of ../shared/adapters-bad, where it and the base model that they were made for are here. */
export async function everyBadAdapterIsExplained(page, name, shot) {
  const folder = join(root, '../shared/adapters-bad');
  await page.goto('/adapters?upload=new');
  await page.getByRole('dialog').waitFor();
  const choice = page.getByLabel('Base model');
  if (!existsSync(folder) || (await choice.getByRole('option', { name: 'tiny-llama3' }).count()) === 0) {
    console.log('skip the adapters of ../shared/adapters-bad: they or --base tiny-llama3 are not here');
    return;
  }
  for (const [which, problem] of Object.entries(problemWords)) {
    const files = readdirSync(join(folder, which)).map((file) => join(folder, which, file));
    await page.getByLabel('Files').setInputFiles(files);
    await page.getByLabel('Name', { exact: true }).fill(`${which}-${name}`);
    await choice.selectOption('tiny-llama3');
    const send = page.getByRole('button', { name: 'Upload and prove' });
    if (await send.isEnabled()) await send.click();
    const told = page.getByRole('dialog').locator('.note').first();
    await told.waitFor();
    const text = (await page.getByRole('dialog').locator('.note:not(.good)').allInnerTexts())
      .join(' ')
      .replaceAll('\n', ' ');
    if (which === 'wrong-shape') await shot(page, 'upload-wrong-shape');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Upload adapter' }).click();
    check(problem.test(text), `the upload of ${which} names the problem: ${text.slice(0, 160)}`);
  }
}
