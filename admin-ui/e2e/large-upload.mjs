// npm run e2e:upload -- URL DATA: an adapter of 500 MB goes through the page and is refused by its proof at the end.
// Prints the memory of server and page before, at the most, and after; a minute on a quiet machine. By hand.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { check, failures, open } from './browser.mjs';

const [url, data] = process.argv.slice(2);
if (!url || !data) {
  console.error('usage: npm run e2e:upload -- URL DATA');
  process.exit(2);
}
const SIZE = 500_000_000;
const origin = new URL(url).origin;
const pid = readFileSync(join(data, 'server.pid'), 'utf8').trim();
const config = resolve(
  import.meta.dirname,
  '../../server/src/main/resources/demo/adapters/house-voice/adapter_config.json',
);
const folder = mkdtempSync(join(process.env.E2E_TMP ?? tmpdir(), 'graft-large-'));
const weights = join(folder, 'adapter_model.safetensors');
writeSparse(weights);

const { browser, page, problems } = await open(origin);
try {
  await page.goto('/signin?to=%2Fadapters%3Fupload%3Dnew');
  await page.getByLabel('API key').fill(readFileSync(join(data, 'demo.key'), 'utf8').trim());
  await page.getByLabel('API key').press('Enter');
  await page.getByLabel('Files').setInputFiles([config, weights]);
  await page.getByLabel('Name', { exact: true }).fill(`large-${Date.now().toString(36)}`);
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Performance.enable');
  const before = await memory(protocol);
  const started = Date.now();
  await page.getByRole('button', { name: 'Upload and prove' }).click();
  const seen = new Set();
  let most = before;
  const told = page.getByText('nothing was stored');
  while (!(await told.isVisible())) {
    const bar = page.getByRole('progressbar', { name: 'Upload' });
    if (await bar.isVisible()) seen.add(await bar.getAttribute('aria-valuenow').catch(() => null));
    most = larger(most, await memory(protocol));
    await page.waitForTimeout(250);
  }
  const after = await memory(protocol);
  const text = (await page.getByRole('dialog').getByRole('alert').innerText()).replaceAll('\n', ' ');
  console.log(
    `${SIZE / 1e6} MB in ${((Date.now() - started) / 1000).toFixed(1)} s, progress seen: ${[...seen].join(' ')}`,
  );
  for (const [what, one] of Object.entries({ before, most, after }))
    console.log(`${what.padEnd(6)} server ${one.server} MB of its own, page ${one.page} MB of heap`);
  check(seen.size >= 3, `progress is shown while it is sent: ${seen.size} values`);
  check(text.includes('lora_A'), `the refusal at the end names the tensor: ${text.slice(0, 200)}`);
  check(most.page - before.page < 50, `the page’s heap grew by ${most.page - before.page} MB at the most`);
  check(
    most.server - before.server < 250,
    `the server’s own memory grew by ${most.server - before.server} MB at the most`,
  );
  check(problems.length === 0, `no script error${problems.length ? `: ${problems.join('; ')}` : ''}`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
if (failures.length > 0) process.exitCode = 1;

/** A valid header over zeros that take no room on disk: one tensor, of a shape that no module of the base has. */
function writeSparse(path) {
  const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight';
  const columns = 1000;
  const rows = Math.floor((SIZE - 1000) / 4 / columns);
  const tensor = { dtype: 'F32', shape: [rows, columns], data_offsets: [0, rows * columns * 4] };
  const header = Buffer.from(JSON.stringify({ [name]: tensor }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(path, 'w');
  writeSync(file, length);
  writeSync(file, header);
  closeSync(file);
  truncateSync(path, 8 + header.length + rows * columns * 4);
}

/** Megabytes: what of the server's memory is its own, not pages of files; the page's heap in use. */
async function memory(protocol) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const server = Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000);
  const { metrics } = await protocol.send('Performance.getMetrics');
  const heap = metrics.find((one) => one.name === 'JSHeapUsedSize')?.value ?? 0;
  return { server, page: Math.round(heap / 1e6) };
}

function larger(one, other) {
  return { server: Math.max(one.server, other.server), page: Math.max(one.page, other.page) };
}
