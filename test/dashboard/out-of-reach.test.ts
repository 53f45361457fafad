import { visit, withBrowser } from '../support/browser.ts';
import { startDemo } from './demo.ts';

withBrowser('what cannot be read any more is not called live', async (t) => {
  const { broker } = await startDemo(t);
  await broker.run({ model: 'language-id', input: { text: 'Guten Morgen' } });
  const { page } = await visit(t, broker);
  const live = page.locator('header').getByText('live', { exact: true });
  const places = ['Overview', 'Models', 'Webhooks', 'Jobs'];
  for (const name of places) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await live.waitFor();
  }
  await Promise.all(broker.apis.map((api) => api.stop(5000)));
  for (const name of places.toReversed()) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('alert').getByText('The API cannot be reached').waitFor();
    t.is(await live.count(), 0, name);
    await page.getByText(/^stale since \d/).waitFor();
  }
});

withBrowser('jobs that cannot be read are not said to be none', async (t) => {
  const { broker } = await startDemo(t);
  const { page } = await visit(t, broker);
  await page.getByRole('rowheader', { name: /language-id/ }).waitFor();
  await Promise.all(broker.apis.map((api) => api.stop(5000)));
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('alert').getByText('The API cannot be reached').waitFor();
  t.is(await page.getByText('No jobs yet').count(), 0);
});
