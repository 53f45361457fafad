import { jsonModel, startTestBroker } from '../support/broker.ts';
import { visit, withBrowser } from '../support/browser.ts';
import { startModel } from '../support/many-jobs.ts';

withBrowser('the playground begins with the example that the schema has, or with its default', async (t) => {
  const model = await startModel(t);
  const properties = {
    text: { type: 'string' },
    image: { type: 'string', contentEncoding: 'base64' },
    most: { type: 'integer', default: 5 },
  };
  const example = { text: 'Guten Morgen', image: 'iVBORw0KGgoA' };
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('form', model.url, { input_schema: { type: 'object', properties, examples: [example] } }),
      jsonModel('word', model.url, { input_schema: { type: 'string', default: 'hello' } }),
      jsonModel('plain', model.url, { input_schema: { type: 'object', properties } }),
    ],
  });
  const { page, complaints } = await visit(t, broker, '/playground?model=form');
  t.is(await page.getByLabel('text').inputValue(), 'Guten Morgen');
  await page.getByText('9 B are sent.').waitFor();
  await page.getByRole('button', { name: 'Submit the job' }).click();
  await page.locator('.result .badge', { hasText: 'succeeded' }).waitFor();
  t.deepEqual(model.calls.at(-1)?.body, { ...example, most: 5 });

  await page.getByLabel('Model').selectOption('word@1');
  t.is(await page.getByLabel('Input').inputValue(), '"hello"');
  await page.getByLabel('Model').selectOption('plain@1');
  t.is(await page.getByLabel('most').inputValue(), '5');
  t.deepEqual(complaints, []);
});
