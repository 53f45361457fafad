import { createHmac } from 'node:crypto';
import test from 'ava';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { newSecret, sign } from '../../shared/webhooks/signing.ts';

const message = { id: 'whd_1', body: '{"type":"job.succeeded","data":{"text":"Grüße 🚀"}}' };

test('what is signed verifies with the standard library', (t) => {
  const secret = newSecret();
  const headers = sign({ ...message, sentAt: Date.now(), secrets: [secret] });
  t.deepEqual(new Webhook(secret).verify(message.body, { ...headers }), JSON.parse(message.body));
});

test('the signature is the one of the specification, computed by hand', (t) => {
  const key = Buffer.alloc(32, 7);
  const headers = sign({
    ...message,
    sentAt: 1_700_000_000_999,
    secrets: [`whsec_${key.toString('base64')}`],
  });
  const signature = createHmac('sha256', key).update(`whd_1.1700000000.${message.body}`).digest('base64');
  t.deepEqual(headers, {
    'webhook-id': 'whd_1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': `v1,${signature}`,
  });
});

test('during a rotation both secrets verify, and no third', (t) => {
  const secrets = [newSecret(), newSecret()];
  const headers = { ...sign({ ...message, sentAt: Date.now(), secrets }) };
  t.is(headers['webhook-signature'].split(' ').length, 2);
  for (const secret of secrets) t.notThrows(() => new Webhook(secret).verify(message.body, headers));
  t.throws(() => new Webhook(newSecret()).verify(message.body, headers), {
    instanceOf: WebhookVerificationError,
  });
});

const tampered: [what: string, body: string, change: Record<string, string>][] = [
  ['body', `${message.body} `, {}],
  ['id', message.body, { 'webhook-id': 'whd_2' }],
  ['timestamp', message.body, { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 60) }],
  ['signature', message.body, { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` }],
];
for (const [what, body, change] of tampered) {
  test(`a changed ${what} does not verify`, (t) => {
    const secret = newSecret();
    const headers = { ...sign({ ...message, sentAt: Date.now(), secrets: [secret] }), ...change };
    t.throws(() => new Webhook(secret).verify(body, headers), { instanceOf: WebhookVerificationError });
  });
}

test('a message signed ten minutes ago does not verify', (t) => {
  const secret = newSecret();
  const headers = sign({ ...message, sentAt: Date.now() - 600_000, secrets: [secret] });
  t.throws(() => new Webhook(secret).verify(message.body, { ...headers }), { message: /too old/ });
});

test('without a secret nothing is signed', (t) => {
  t.throws(() => sign({ ...message, sentAt: 0, secrets: [] }), { message: /without a secret/ });
});

test('new secrets have 32 bytes and differ', (t) => {
  const secrets = Array.from({ length: 100 }, () => newSecret());
  t.is(new Set(secrets).size, 100);
  for (const secret of secrets) {
    t.true(secret.startsWith('whsec_'));
    t.is(Buffer.from(secret.slice('whsec_'.length), 'base64').length, 32);
  }
});
