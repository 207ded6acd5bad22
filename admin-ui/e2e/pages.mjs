// What holds for every page: axe-core in both themes, all of it by keyboard, no wider than a telephone, and its pictures.
import { check } from './browser.mjs';

/** The rules that can fail in one theme only: a theme changes colours and nothing else. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** Fails with each violation that axe-core finds on the page. */
export async function checkAccessible(page, axeSource, name, rules) {
  await page.evaluate(`globalThis.axe ?? (() => {${axeSource}})()`);
  const violations = await page.evaluate(async (only) => {
    const options = { resultTypes: ['violations'], ...(only ? { runOnly: { type: 'rule', values: only } } : {}) };
    const result = await globalThis.axe.run(document, options);
    return result.violations.map(
      (one) =>
        `${one.id}: ${one.nodes
          .slice(0, 3)
          .map((node) => node.target.join(' '))
          .join(' | ')}`,
    );
  }, rules);
  check(violations.length === 0, `${name} is accessible${violations.length ? `: ${violations.join('; ')}` : ''}`);
}

/** Until nothing on the page is awaited any more. The network is never idle where the overview follows its stream. */
async function settled(page) {
  await page.waitForFunction(
    () =>
      document.querySelector('.skeleton, [aria-busy="true"]') === null &&
      document.getAnimations().every((one) => !(one instanceof globalThis.CSSTransition)),
  );
}

/** Follows the Tab key through the page: it must reach all that can be used, and each must show that it has the focus. */
async function checkKeyboard(page, what) {
  const stops = await page.evaluate(() => {
    const usable = 'a[href], button, input, select, textarea, summary, [tabindex]';
    globalThis.stops = [...document.querySelectorAll(usable)].filter(
      (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }),
    );
    globalThis.reached = new Map();
    document.addEventListener('focusin', ({ target }) => {
      const style = getComputedStyle(target);
      const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
      // A list of tabs hands the focus on to the one that is open.
      globalThis.reached.set(target, seen || target.role === 'tablist');
    });
    document.activeElement?.blur();
    return globalThis.stops.length;
  });
  // Some more, for scrolled boxes that are stops of their own and for the way through the browser's own frame.
  for (let press = 0; press < stops + 8; press++) await page.keyboard.press('Tab');
  const { missed, unseen } = await page.evaluate(() => {
    const name = (one) => one.getAttribute('aria-label') ?? (one.innerText || one.id || one.tagName);
    const { stops: all, reached } = globalThis;
    document.activeElement?.blur();
    return {
      missed: all.filter((one) => one.isConnected && !reached.has(one)).map(name),
      unseen: all.filter((one) => reached.get(one) === false).map(name),
    };
  });
  const lacks = [...missed.map((one) => `not reached: ${one}`), ...unseen.map((one) => `focus not seen: ${one}`)];
  check(
    lacks.length === 0,
    `the keyboard reaches all ${stops} of ${what}${lacks.length ? `: ${lacks.join('; ')}` : ''}`,
  );
}

/** Opens each page once: its picture and axe-core in both themes, its keyboard, and its width at 360 px. */
export async function showAll(page, axe, shot, paths) {
  for (const [what, path] of Object.entries(paths)) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settled(page);
    await shot(page, `${what}-light`);
    await checkAccessible(page, axe, `${what} in light`);
    await checkKeyboard(page, what);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('[data-theme="dark"]').waitFor();
    await settled(page);
    await shot(page, `${what}-dark`);
    await checkAccessible(page, axe, `${what} in dark`, COLOUR_RULES);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 360, height: 720 });
    await settled(page);
    await shot(page, `${what}-360`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= 360, `${what} fits 360 px (${width})`);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
}

/** What the keyboard alone opens from anywhere: the way past the rail, and the palette. */
export async function theKeyboardReachesEverything(page, name, shot) {
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement?.textContent);
  check(first?.includes('Skip to the page'), 'the first stop of the keyboard skips the rail');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search and commands' }).waitFor();
  await page.keyboard.type(name);
  await page.getByRole('option', { name }).first().waitFor();
  await shot(page, 'palette');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/adapters/${name}`);
  check(true, 'the palette jumps to an adapter by keyboard alone');
  await page.keyboard.press('/');
  await page.keyboard.type(`roll back ${name}`);
  await page.getByRole('option', { name: `Roll back ${name}` }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('where it pointed before its last move').waitFor();
  await page.keyboard.press('Escape');
  check(true, 'the palette opens a command’s dialog, which says what will happen');
}
