import type { Page } from 'playwright-core';
import { visit, withBrowser } from '../support/browser.ts';
import { makeToken, putTenant } from '../support/tenant.ts';
import { startDemo, type Demo } from './demo.ts';

/** What lies beyond the right edge of the window, where it is not in a part that scrolls by itself. */
const BEYOND_PAGE = `document.documentElement.scrollWidth - document.body.clientWidth`;
const beyond = (element: string): string =>
  `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(${element})`;
const BEYOND_MODELS = beyond(`document.querySelector('.overview').parentElement`);
const BEYOND_WORKERS = `Math.max(...[...document.querySelectorAll('.workers tr > *')].map((cell) => ${beyond('cell')}))`;
const BEYOND_STATS = `Math.max(...[...document.querySelectorAll('.stat')].map((card) => ${beyond('card')}))`;
const BEYOND_DIALOG = beyond(`document.querySelector('dialog')`);

/** A failing endpoint, a webhook that was refused, a tenant with a token. Answers the id of a job. */
async function fill({ broker, receiver }: Demo): Promise<string> {
  await putTenant(broker, 'acme', { rate: { limit: 100, window: 60 }, models: ['language-id', 'ocr'] });
  await makeToken(broker, 'acme');
  receiver.isRefusing = true;
  await broker.run({ model: 'language-id', input: { text: 'Guten Morgen' } });
  return (await broker.run({ model: 'sentiment', input: { text: 'No' }, webhook: receiver.url })).id;
}

async function isWithin(page: Page, inner: string, outer: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [inner, outer].map(async (selector) => {
      await page.locator(selector).first().waitFor();
      return page.locator(selector).first().boundingBox();
    }),
  );
  return !!a && !!b && a.x >= b.x && a.x + a.width <= b.x + b.width;
}

withBrowser('no page is wider than a telephone', async (t) => {
  const demo = await startDemo(t);
  const job = await fill(demo);
  const { page } = await visit(t, demo.broker, '', { viewport: { width: 390, height: 844 } });
  const places: [string, string][] = [
    ['', 'h2:has-text("Workers")'],
    ['/jobs', '[role=row] a'],
    [`/jobs/${job}`, '.waterfall'],
    ['/models', '.model'],
    ['/models/sentiment@1', 'h2:has-text("Endpoints")'],
    ['/playground', 'form'],
    ['/webhooks', 'details.delivery'],
    ['/tenants', 'th a'],
    ['/tenants/acme', 'button:has-text("Revoke")'],
  ];
  const wide: [string, number][] = [];
  for (const [where, selector] of places) {
    await page.goto(`${demo.broker.url}/dashboard${where}`);
    await page.locator(selector).first().waitFor();
    wide.push([where, await page.evaluate<number>(BEYOND_PAGE)]);
  }
  t.deepEqual(
    wide.filter(([, pixels]) => pixels > 0),
    [],
  );
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByRole('dialog').waitFor();
  t.is(await page.evaluate<number>(BEYOND_DIALOG), 0, 'New token');
  await page.goto(`${demo.broker.url}/dashboard`);
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  t.is(await page.evaluate<number>(BEYOND_WORKERS), 0, 'each text of a worker is in its cell');
  await page.goto(`${demo.broker.url}/dashboard/webhooks`);
  t.true(await isWithin(page, '.delivery time', '.card:has(.delivery)'), 'when it was is in the card');
  await page.goto(`${demo.broker.url}/dashboard/models/sentiment@1`);
  await page.getByText('The weights are not loaded.').waitFor();
  t.true(await isWithin(page, 'text=The weights are not loaded.', 'main'), 'the failure is seen');
  const row = await page.getByRole('row', { name: /weights/ }).boundingBox();
  t.true((row?.height ?? Infinity) < 150, `the row of the endpoint is ${row?.height} px high`);
});

withBrowser(
  'the overview hides no column of the models on a screen, and no figure stands out of its card',
  async (t) => {
    const { broker } = await startDemo(t);
    await broker.run({ model: 'language-id', input: { text: 'Guten Morgen' } });
    const hidden: [number, number][] = [];
    for (const width of [1024, 1280, 1366, 1440]) {
      const { page } = await visit(t, broker, '', { viewport: { width, height: 800 } });
      await page.getByRole('rowheader', { name: /language-id/ }).waitFor();
      hidden.push([width, await page.evaluate<number>(BEYOND_MODELS)]);
      hidden.push([width, await page.evaluate<number>(BEYOND_STATS)]);
    }
    t.deepEqual(
      hidden.filter(([, pixels]) => pixels > 0),
      [],
    );
  },
);
