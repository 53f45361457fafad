import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { modelCode } from '../../shared/redis/keys.ts';
import { createModelSpeeds, happeningField, speedBucket } from '../../shared/redis/model-speeds.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';
import { shoot, visit, withBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { startDemo, type Demo } from './demo.ts';

withBrowser('a job is submitted in the playground, watched as it runs, and its waterfall seen', async (t) => {
  const { broker } = await startDemo(t);
  const { page, complaints, requests } = await visit(t, broker, '/playground?model=moby@1');
  await page.getByLabel('prompt').fill('Call me');
  await page.getByRole('button', { name: 'Submit the job' }).click();
  await page.locator('.result .stream', { hasText: 'Ishmael' }).waitFor();
  await shoot(page, 'playground');
  await page.locator('.result .badge', { hasText: 'succeeded' }).waitFor();
  await page.getByText('the watery part of the world').first().waitFor();
  await page.getByRole('link', { name: 'Waterfall' }).click();
  const waterfall = page.getByRole('list', { name: 'Waterfall' });
  await waterfall.getByText('Queue').waitFor();
  await waterfall.getByText('Attempt 1 · model call').waitFor();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
  await page.locator('.events .kind.done').waitFor();
  t.deepEqual(complaints, []);
  t.deepEqual(new Set(requests.map((url) => new URL(url).origin)), new Set([broker.url]));
});

withBrowser('a failed job is tried again, and a webhook that was refused is sent again', async (t) => {
  const { broker, receiver, sentiment } = await startDemo(t);
  receiver.isRefusing = true;
  const { id } = await broker.run({
    model: 'sentiment',
    input: { text: 'Well done' },
    webhook: receiver.url,
  });
  const { page } = await visit(t, broker, `/jobs/${id}`);
  await page.getByRole('alert').getByText('model_error').waitFor();
  await page.getByRole('list', { name: 'Waterfall' }).getByText('Webhook · delivery 1').waitFor();
  await shoot(page, 'job-failed');

  sentiment.isFailing = false;
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.locator('header .badge', { hasText: 'succeeded' }).waitFor();
  t.is((await broker.job(id)).status, 'succeeded');

  receiver.isRefusing = false;
  const before = receiver.calls.length;
  await page.getByRole('link', { name: 'Webhooks' }).click();
  const delivery = page.locator('details.delivery', { hasText: 'job.succeeded' });
  await delivery.locator('summary').click();
  await delivery.getByRole('button', { name: 'Replay' }).click();
  await until(() => receiver.calls.length > before);
  await delivery.locator('summary .badge', { hasText: 'delivered' }).waitFor();
});

withBrowser('the pages show what is there', async (t) => {
  const demo: Filled = await startDemo(t);
  await fill(demo);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, complaints } = await visit(t, demo.broker, '', { colorScheme });
    const keep = async (name: string): Promise<void> => {
      const picture = `${name}-${colorScheme}`;
      if (PICTURES.has(picture)) await shoot(page, picture);
    };
    await page.getByRole('rowheader', { name: /language-id/ }).waitFor();
    await page.getByRole('heading', { name: 'Workers' }).waitFor();
    await keep('overview');
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('link', { name: /job_/ }).nth(10).waitFor();
    await page.getByRole('button', { name: /model_error/ }).waitFor();
    await keep('jobs');
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.getByRole('link', { name: 'ocr' }).waitFor();
    await keep('models');
    await page.getByRole('link', { name: 'language-id' }).click();
    await page.getByRole('heading', { name: 'Endpoints' }).waitFor();
    await page.locator('.chart canvas').waitFor();
    await keep('model');
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.locator('details.delivery').first().waitFor();
    await keep('webhooks');
    await page.getByRole('link', { name: 'Tenants' }).click();
    await page.getByRole('link', { name: 'acme', exact: true }).waitFor();
    await keep('tenants');
    await page.getByRole('link', { name: 'acme', exact: true }).click();
    await page
      .getByRole('cell', { name: /jobs:write/ })
      .first()
      .waitFor();
    await keep('tenant');
    await page.goto(`${demo.broker.url}/dashboard/jobs/${demo.ocr}`);
    await page.getByRole('img', { name: 'image' }).waitFor();
    await keep('job');
    t.deepEqual(complaints, []);
  }
});

/** Those that the documents show. */
const PICTURES = new Set([
  'overview-light',
  'overview-dark',
  'jobs-light',
  'job-light',
  'model-dark',
  'webhooks-light',
  'tenant-light',
]);

type Filled = Demo & { ocr?: string };

/** Jobs of every kind, so that no page is empty. */
async function fill(demo: Filled): Promise<void> {
  const { broker, receiver, sentiment, picture } = demo;
  await putTenant(broker, 'acme', {
    rate: { limit: 100, window: 60 },
    weight: 2,
    budget: { limit: 5000, period: 'month' },
  });
  await putTenant(broker, 'globex', { max_queued: 1000, models: ['language-id', 'ocr'] });
  const { token } = await makeToken(broker, 'acme', { name: 'Checkout service' });
  await makeToken(broker, 'acme', { name: 'Nightly import', scopes: ['jobs:write'] });
  const texts = Array.from({ length: 40 }, (_, index) => `Guten Morgen, Nummer ${index % 25}`);
  const jobs = texts.map((text, index) =>
    broker.run({ model: 'language-id', input: { text }, metadata: { order: String(1000 + index) } }),
  );
  await Promise.all(jobs);
  await broker.run({ model: 'language-id', input: { text: 'Bonjour' } }, bearer(token));
  for (const text of ['Well done', 'Thank you', 'Never again'])
    await broker.run({
      model: 'sentiment',
      input: { text },
      metadata: { ticket: text.slice(0, 4) },
      webhook: receiver.url,
    });
  sentiment.isFailing = false;
  receiver.isRefusing = true;
  await broker.run({ model: 'sentiment', input: { text: 'Lovely' }, webhook: receiver.url });
  receiver.isRefusing = false;
  await remember(broker.redisUrl);
  await broker.request('/models/moby/pause', { method: 'POST' });
  for (const prompt of ['Call', 'me', 'Ishmael']) await broker.submit({ model: 'moby', input: { prompt } });
  demo.ocr = (await broker.run({ model: 'ocr', input: { image: picture }, webhook: receiver.url })).id;
  await until(async () =>
    JSON.stringify((await broker.request(`/jobs/${demo.ocr}/deliveries`)).body).includes('delivered'),
  );
}

/** Five minutes of work that lie behind, as workers count them. */
async function remember(redisUrl: string): Promise<void> {
  const redis = connect(redisUrl, PATIENT);
  const speeds = createModelSpeeds(redis);
  const loads = { 'language-id': 90, ocr: 14, sentiment: 40, moby: 8 };
  for (const [name, most] of Object.entries(loads))
    for (let step = 1; step < 30; step++) {
      const then = Date.now() - step * 10_000;
      const ended = Math.round(most * (0.6 + 0.4 * Math.sin(step / 4 + most)));
      const failed = name === 'sentiment' && step % 7 === 0 ? Math.ceil(ended / 4) : 0;
      const counts: [string, number][] = [
        [happeningField('ended', then), ended],
        [happeningField('failed', then), failed],
        [happeningField('hits', then), Math.round(ended / 3)],
        [speedBucket('run', 6000 / most), ended],
        [speedBucket('run', 20_000 / most), Math.ceil(ended / 30)],
        [speedBucket('wait', 400 / most), ended],
        [speedBucket('wait', 3000 / most), Math.ceil(ended / 30)],
      ];
      await speeds.add(modelCode(name), '1', new Map(counts), then);
    }
  await redis.quit();
}
