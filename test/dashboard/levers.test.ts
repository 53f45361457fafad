import type { Job } from '../../shared/job.ts';
import { visit, withBrowser } from '../support/browser.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';
import { until } from '../support/until.ts';
import { startDemo } from './demo.ts';

withBrowser('jobs are found by label and by error, and canceled and tried again together', async (t) => {
  const { broker, sentiment } = await startDemo(t);
  await broker.request('/models/language-id/pause', { method: 'POST' });
  const waiting: Job[] = [];
  for (const order of ['1', '2', '3'])
    waiting.push(await broker.submit({ model: 'language-id', input: { text: order }, metadata: { order } }));
  const failed = await broker.run({ model: 'sentiment', input: { text: 'No' } });
  sentiment.isFailing = false;

  const { page, complaints } = await visit(t, broker, '/jobs');
  await page.getByLabel('Label, as key=value').fill('order=2');
  await page.getByText('1 in all').waitFor();
  t.is(await page.getByRole('link', { name: /job_/ }).getAttribute('title'), waiting[1]?.id ?? '');
  t.true(page.url().endsWith('/dashboard/jobs?label=order%3D2'), 'a filter can be passed on');
  await page.getByLabel('Label, as key=value').fill('');
  await page.getByText('4 in all').waitFor();

  await page.getByLabel('Status').selectOption('queued');
  await page.getByText('3 in all').waitFor();
  await page.getByLabel('Select all that are loaded').check();
  await page.getByText('3 selected').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('3 canceled.').waitFor();
  for (const { id } of waiting) t.is((await broker.job(id)).status, 'canceled');

  await page.getByLabel('Status').selectOption('');
  await page.getByRole('button', { name: /model_error/ }).click();
  await page.getByText('1 in all').waitFor();
  await page.getByLabel(`Select ${failed.id}`).check();
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('1 queued again.').waitFor();
  await until(async () => (await broker.job(failed.id)).status === 'succeeded');
  t.deepEqual(complaints, []);
});

withBrowser('an admin looks into another tenant, makes one, and makes and revokes a token', async (t) => {
  const { broker } = await startDemo(t);
  await putTenant(broker, 'acme', {});
  const theirs = await makeToken(broker, 'acme');
  const { id } = await broker.run({ model: 'language-id', input: { text: 'x' } }, bearer(theirs.token));
  const { page, complaints } = await visit(t, broker, '/jobs');
  await page.getByText('No jobs yet').waitFor();
  await page.getByLabel('Tenant').selectOption('acme');
  await page.getByTitle(id).click();
  await page.getByRole('heading', { name: id }).waitFor();
  await page.getByRole('list', { name: 'Waterfall' }).getByText('Queue').waitFor();

  await page.getByRole('link', { name: 'Tenants' }).click();
  await page.getByRole('button', { name: 'New tenant' }).click();
  await page.getByLabel('Name').fill('initech');
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.getByRole('heading', { name: 'initech' }).waitFor();
  await page.getByLabel('Jobs that may wait').fill('50');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('In force').waitFor();
  t.like((await broker.request('/tenants/initech')).body, { max_queued: 50, rate: null, weight: 1 });

  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('ci');
  await dialog.getByLabel('Models', { exact: true }).fill('language-id, oc*');
  await dialog.getByLabel('Expires').fill('2100-01-02T03:04');
  await dialog.getByRole('button', { name: 'Make it' }).click();
  const secret = await page.locator('dialog code').innerText();
  const [made] = Object((await broker.request('/tenants/initech/tokens')).body).data;
  const expires_at = await page.evaluate<string>(`new Date('2100-01-02T03:04').toISOString()`);
  t.is(Date.parse(made.expires_at), Date.parse(expires_at));
  t.deepEqual(made.models, ['language-id', 'oc*']);
  t.is((await broker.request('/me', { headers: bearer(secret) })).status, 200);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Revoke ci' }).click();
  await page.getByRole('button', { name: 'Revoke it' }).click();
  await page.getByText('ci is revoked.').waitFor();
  await until(async () => (await broker.request('/me', { headers: bearer(secret) })).status === 401);
  t.deepEqual(complaints, []);
});

withBrowser('a model is paused and goes on, and the signing secret is changed', async (t) => {
  const { broker } = await startDemo(t);
  const { page, complaints } = await visit(t, broker, '/models/language-id@1');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('header .badge', { hasText: 'paused' }).waitFor();
  t.like((await broker.request('/models/language-id')).body, { paused: true });
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  t.like((await broker.request('/models/language-id')).body, { paused: false });

  const before = Object((await broker.request('/webhooks/secret')).body).secret;
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await page.getByRole('button', { name: 'Reveal' }).click();
  await page.getByText(before).waitFor();
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('button', { name: 'Make a new one' }).click();
  await page.getByText('A new secret signs').waitFor();
  const after = Object((await broker.request('/webhooks/secret')).body).secret;
  t.not(after, before);
  await page.getByText(after).waitFor();
  t.deepEqual(complaints, []);
});

/** How far things moved that nobody touched, as browsers measure it: 0 is not at all. */
const SHIFT = `new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) sum += value;
  }).observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum))));
})`;

withBrowser('nothing jumps while jobs come and go', async (t) => {
  const { broker } = await startDemo(t);
  await broker.run({ model: 'language-id', input: { text: 'first' } });
  for (const [where, sign] of [
    ['', 'Workers'],
    ['/jobs', 'Jobs'],
  ] as const) {
    const { page } = await visit(t, broker, where);
    await page.getByRole('heading', { name: sign }).waitFor();
    await page
      .getByRole('main')
      .getByRole(where === '' ? 'rowheader' : 'row')
      .nth(1)
      .waitFor();
    const settled = await page.evaluate<number>(SHIFT);
    const asked = page.waitForResponse((response) => /\/(overview|jobs\?)/.test(response.url()));
    await Promise.all(
      [1, 2, 3].map((text) => broker.run({ model: 'language-id', input: { text: `${where} ${text}` } })),
    );
    await asked;
    await page.waitForResponse((response) => /\/(overview|jobs\?)/.test(response.url()));
    const moved = (await page.evaluate<number>(SHIFT)) - settled;
    t.true(settled < 0.05, `${where}: ${settled} while it opened`);
    t.true(moved < 0.01, `${where}: ${moved} while jobs came`);
  }
});
