import { randomBytes } from 'node:crypto';
import test from 'ava';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, WebhookError } from '../../client/src/index.ts';
import { succeededJob } from '../cli/sample.ts';

const NOW = new Date('2026-01-31T08:00:00Z');
const now = NOW.getTime();
const BODY = JSON.stringify({ type: 'job.succeeded', timestamp: NOW.toISOString(), data: succeededJob('ü') });

const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`;

function signedBy(secret: string, body = BODY) {
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(now / 1000),
    'webhook-signature': new Webhook(secret).sign('msg_1', NOW, body),
  };
  return { body, headers };
}

test('what Standard Webhooks has signed is genuine, as text and as bytes, with Headers and with an object', async (t) => {
  const secret = newSecret();
  const { body, headers } = signedBy(secret);
  for (const message of [
    { body, headers },
    { body: new TextEncoder().encode(body), headers: new Headers(headers) },
  ]) {
    const event = await verifyWebhook(message, { secret, now });
    t.is(event.type, 'job.succeeded');
    t.is(event.data.output, 'ü');
  }
});

test('while a secret is replaced, either signature and either secret do', async (t) => {
  const [older, newer, other] = [newSecret(), newSecret(), newSecret()];
  const { headers } = signedBy(older);
  const both = `${headers['webhook-signature']} ${signedBy(newer).headers['webhook-signature']}`;
  const message = { body: BODY, headers: { ...headers, 'webhook-signature': both } };
  for (const secret of [older, newer, [other, newer]])
    await t.notThrowsAsync(verifyWebhook(message, { secret, now }));
  await t.throwsAsync(verifyWebhook(message, { secret: other, now }), { instanceOf: WebhookError });
});

test('what was changed, is too old, or lacks a header is not genuine', async (t) => {
  const secret = newSecret();
  const { body, headers } = signedBy(secret);
  const bad = [
    { body: `${body} `, headers },
    { body, headers: { ...headers, 'webhook-id': 'msg_2' } },
    { body, headers: { ...headers, 'webhook-timestamp': String(now / 1000 - 1) } },
    { body, headers: { ...headers, 'webhook-timestamp': 'soon' } },
    { body, headers: { ...headers, 'webhook-signature': 'v1,AAAA v2,x' } },
    { body, headers: { ...headers, 'webhook-signature': undefined } },
  ];
  for (const message of bad)
    await t.throwsAsync(verifyWebhook(message, { secret, now }), { instanceOf: WebhookError });
  const late = { secret, now: now + 301_000 };
  await t.throwsAsync(verifyWebhook({ body, headers }, late), { instanceOf: WebhookError });
  await t.throwsAsync(verifyWebhook({ body, headers }, { secret: 'whsec_?', now }), {
    instanceOf: WebhookError,
  });
});
