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
