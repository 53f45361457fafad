import { makeToken, putTenant } from '../support/tenant.ts';
import { shoot, visit, withBrowser } from '../support/browser.ts';
import { TOKEN } from '../support/broker.ts';
import { startDemo } from './demo.ts';

withBrowser('a token in the address signs in, and is gone from there at once', async (t) => {
  const { broker } = await startDemo(t);
  const { page, requests, complaints } = await visit(t, broker);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  t.is(page.url(), `${broker.url}/dashboard`);
  t.is(await page.evaluate<string>('sessionStorage.getItem("inferq.token")'), TOKEN);
  t.is(await page.evaluate<number>('localStorage.length'), 0);
  t.false(
    requests.some((url) => url.includes(TOKEN)),
    'it is sent in a header alone',
  );
  t.deepEqual(new Set(requests.map((url) => new URL(url).origin)), new Set([broker.url]));
  t.deepEqual(complaints, []);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  await shoot(page, 'sign-in');
  t.is(await page.evaluate('sessionStorage.getItem("inferq.token")'), null);
});

withBrowser('a token that is not valid is refused with a word', async (t) => {
  const { broker } = await startDemo(t);
  const { page } = await visit(t, broker, '', { token: 'ifq_forged' });
  await page.getByRole('alert').getByText('is not known').waitFor();
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  t.is(await page.evaluate<string>('sessionStorage.getItem("inferq.token")'), TOKEN);
});

withBrowser('a tenant sees what its scopes allow, and nothing of others', async (t) => {
  const { broker } = await startDemo(t);
  const { id } = await broker.run({ model: 'language-id', input: { text: 'geheim' } });
  await putTenant(broker, 'acme', {});
  const { token } = await makeToken(broker, 'acme', { scopes: ['jobs:read', 'models:read'] });
  const { page } = await visit(t, broker, '/jobs', { token });
  await page.getByText('No jobs yet').waitFor();
  const nav = page.getByRole('navigation', { name: 'Pages' });
  t.deepEqual(await nav.getByRole('link').allInnerTexts(), [
    'inferq',
    'Overview',
    'Jobs',
    'Models',
    'Webhooks',
    'API reference',
  ]);
  t.is(await page.getByRole('button', { name: 'Cancel' }).count(), 0);
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('rowheader', { name: /ocr/ }).waitFor();
  t.is(await page.getByRole('heading', { name: 'Workers' }).count(), 0);
  await page.goto(`${broker.url}/dashboard/jobs/${id}`);
  await page.getByText('There is no such job here').waitFor();
});

withBrowser('the policy of the page lets nothing in that is not its own', async (t) => {
  const { broker } = await startDemo(t);
  const { headers, status } = await broker.request('/dashboard/jobs');
  t.is(status, 200);
  const policy = headers.get('content-security-policy') ?? '';
  t.regex(policy, /default-src 'none'/);
  t.regex(policy, /script-src 'self'(;|$)/);
  t.regex(policy, /style-src 'self'(;|$)/);
  t.notRegex(policy, /unsafe|https:|\*/);
  t.is((await broker.request('/dashboard/assets/none.js')).status, 404);
  const { page, requests, complaints } = await visit(t, broker);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.evaluate(`(() => {
    const script = document.createElement('script');
    script.textContent = 'window.inline = true';
    document.body.append(script);
  })()`);
  t.is(await page.evaluate('window.inline'), undefined);
  t.true(complaints.some((text) => text.includes('Content Security Policy')));
  t.true(
    requests.some((url) => url.endsWith('.woff2')),
    'its letters are its own',
  );
});
