import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ExecutionContext } from 'ava';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { visit, withBrowser } from '../support/browser.ts';
import { putTenant } from '../support/tenant.ts';
import { startDemo } from './demo.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RUN = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`;

/** What axe finds that keeps somebody from using the page. */
async function serious(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(`${AXE};\n${RUN}`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`),
    );
}

async function check(t: ExecutionContext, page: Page, where: string): Promise<void> {
  t.deepEqual(await serious(page), [], where);
}

for (const colorScheme of ['light', 'dark'] as const) {
  withBrowser(`no page has a serious fault of accessibility, ${colorScheme}`, async (t) => {
    const { broker, sentiment, receiver, picture } = await startDemo(t);
    await putTenant(broker, 'acme', { rate: { limit: 100, window: 60 } });
    await broker.run({ model: 'language-id', input: { text: 'Guten Morgen' }, metadata: { order: '42' } });
    const failed = await broker.run({ model: 'sentiment', input: { text: 'No' }, webhook: receiver.url });
    sentiment.isFailing = false;
    const read = await broker.run({ model: 'ocr', input: { image: picture }, webhook: receiver.url });

    const signIn = await visit(t, broker, '', { colorScheme, token: '' });
    await signIn.page.getByLabel('Token').waitFor();
    await check(t, signIn.page, 'sign-in');

    const { page } = await visit(t, broker, '', { colorScheme });
    const places: [string, string][] = [
      ['', 'h2:has-text("Workers")'],
      ['/jobs', '[role=row] a'],
      ['/jobs?status=expired', '.empty'],
      [`/jobs/${failed.id}`, '.waterfall'],
      [`/jobs/${read.id}`, 'figure img'],
      ['/models', '.model'],
      ['/models/language-id@1', 'h2:has-text("Endpoints")'],
      ['/playground', 'form'],
      ['/webhooks', 'details.delivery'],
      ['/tenants', 'th a'],
      ['/tenants/acme', 'h2:has-text("Tokens")'],
      ['/nowhere', '.empty'],
    ];
    for (const [where, selector] of places) {
      await page.goto(`${broker.url}/dashboard${where}`);
      await page.locator(selector).first().waitFor();
      await check(t, page, where);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await check(t, page, 'shortcuts');
  });
}

withBrowser('everything is reached without a mouse', async (t) => {
  const { broker } = await startDemo(t);
  const { id } = await broker.run({ model: 'language-id', input: { text: 'Guten Morgen' } });
  const { page } = await visit(t, broker, '', { token: '' });
  await page.getByLabel('Token').waitFor();
  // The field has the focus: a token is pasted, Enter signs in.
  await page.keyboard.type('ifq_test-token');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();

  await page.keyboard.press('Tab');
  t.is(await page.evaluate<string>('document.activeElement.textContent'), 'Skip to the page');
  const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
  t.is(outline, 'solid', 'who moves by keyboard sees where they are');
  await page.keyboard.press('Enter');
  t.is(await page.evaluate<string>('document.activeElement.id'), 'main');

  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await page.getByRole('link', { name: /job_/ }).waitFor();
  await page.keyboard.press('j');
  await page.locator('.line.current').waitFor();
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: id }).waitFor();

  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.getByRole('heading', { name: 'Playground' }).waitFor();
  await page.getByLabel('text').focus();
  await page.keyboard.type('Wie geht es Ihnen?');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('.result .badge', { hasText: 'succeeded' }).waitFor();
});
