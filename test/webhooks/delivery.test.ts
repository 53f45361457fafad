import test, { type ExecutionContext } from 'ava';
import { Webhook } from 'standardwebhooks';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';
import { newSecret } from '../../shared/webhooks/signing.ts';
import { createWebhookSender, type WebhookSender } from '../../workers/webhooks/delivery.ts';
import { startQuietReceiver, startReceiver } from './receiver.ts';

const guard = createAddressGuard({ allow: ['127.0.0.1'] });
const message = {
  id: 'whd_1',
  body: '{"type":"job.succeeded","data":{"text":"Grüße 🚀"}}',
  secrets: [newSecret()],
};

function startSender(t: ExecutionContext): WebhookSender {
  const sender = createWebhookSender({ guard, version: '1.2.3', timeoutMs: 5000 });
  t.teardown(() => sender.close());
  return sender;
}

test('a delivery arrives whole, signed and named', async (t) => {
  const receiver = await startQuietReceiver(t);
  const before = Date.now();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const url = `${receiver.url}?order=42`;
  const attempt = await startSender(t).send({ ...message, url, headers: { traceparent } });
  const [received] = receiver.received;

  t.is(attempt.outcome, 'delivered');
  t.is(attempt.status, 204);
  t.is(attempt.error, undefined);
  t.true(Date.parse(attempt.at) >= before && Date.parse(attempt.at) <= Date.now());
  t.true(Number.isInteger(attempt.duration_ms) && attempt.duration_ms >= 0);

  t.is(received?.method, 'POST');
  t.is(received?.path, '/hook?order=42');
  t.is(received?.body, message.body);
  t.is(received?.headers['content-type'], 'application/json');
  t.is(received?.headers['user-agent'], 'inferq-webhooks/1.2.3');
  t.is(received?.headers['traceparent'], traceparent);
  t.notThrows(() =>
    new Webhook(message.secrets[0] ?? '').verify(received?.body ?? '', received?.headers ?? {}),
  );
});

test('while the secret is rotated the receiver verifies with the old one and with the new one', async (t) => {
  const receiver = await startQuietReceiver(t);
  const secrets = [newSecret(), newSecret()];
  await startSender(t).send({ ...message, url: receiver.url, secrets });
  const { body = '', headers = {} } = receiver.received[0] ?? {};
  for (const secret of secrets) t.notThrows(() => new Webhook(secret).verify(body, headers));
  t.throws(() => new Webhook(secrets[0] ?? '').verify(`${body}\n`, headers));
});

test('repetitions have the same id, and a timestamp and signature of their own', async (t) => {
  const receiver = await startQuietReceiver(t);
  let now = Date.now() - 60_000;
  const sender = createWebhookSender({ guard, version: '1', clock: () => now });
  t.teardown(() => sender.close());
  await sender.send({ ...message, url: receiver.url });
  now += 60_000;
  await sender.send({ ...message, url: receiver.url });
  const [first, second] = receiver.received.map(({ headers }) => headers);
  t.is(first?.['webhook-id'], second?.['webhook-id']);
  t.is(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp']), 60);
  t.not(first?.['webhook-signature'], second?.['webhook-signature']);
});

test('further headers cannot replace those of the delivery', async (t) => {
  const receiver = await startQuietReceiver(t);
  const headers = { 'Webhook-Id': 'forged', 'User-Agent': 'forged', 'Webhook-Signature': 'forged' };
  await startSender(t).send({ ...message, url: receiver.url, headers });
  const received = receiver.received[0]?.headers ?? {};
  t.is(received['webhook-id'], 'whd_1');
  t.is(received['user-agent'], 'inferq-webhooks/1.2.3');
  t.notThrows(() => new Webhook(message.secrets[0] ?? '').verify(message.body, received));
});

for (const status of [200, 201, 202, 204, 299]) {
  test(`${status} is a success`, async (t) => {
    const receiver = await startReceiver(t, (response) => response.writeHead(status).end());
    const attempt = await startSender(t).send({ ...message, url: receiver.url });
    t.like(attempt, { outcome: 'delivered', status });
  });
}

for (const status of [304, 400, 404, 410, 429, 500, 503]) {
  test(`${status} is a failure`, async (t) => {
    const receiver = await startReceiver(t, (response) => response.writeHead(status).end());
    const attempt = await startSender(t).send({ ...message, url: receiver.url });
    t.like(attempt, { outcome: 'failed', status });
    t.true(attempt.error?.startsWith(`The receiver answered ${status}`));
  });
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a redirect is not followed: ${status}`, async (t) => {
    const target = await startQuietReceiver(t);
    const receiver = await startReceiver(t, (response) =>
      response.writeHead(status, { location: target.url }).end(),
    );
    const attempt = await startSender(t).send({ ...message, url: receiver.url });
    t.like(attempt, { outcome: 'failed', status });
    t.is(attempt.error, `The receiver answered ${status}, and redirects are not followed.`);
    t.is(target.connections(), 0);
  });
}

test('what the receiver says of its failure is quoted: short, on one line, without control characters', async (t) => {
  const text = `first\r\n\u0000second\u001b[31m\u202e${'é'.repeat(500)}`;
  const receiver = await startReceiver(t, (response) => response.writeHead(500).end(text));
  const { error = '' } = await startSender(t).send({ ...message, url: receiver.url });
  const quoted = error.replace('The receiver answered 500: ', '');
  t.is(quoted.length, 200);
  t.true(quoted.startsWith('first second [31m éé'));
  t.notRegex(error, /[\p{Cc}\p{Cf}]/u);
});

test('Retry-After in seconds is reported', async (t) => {
  const receiver = await startReceiver(t, (response) =>
    response.writeHead(429, { 'retry-after': '120' }).end(),
  );
  t.is((await startSender(t).send({ ...message, url: receiver.url })).retry_after_ms, 120_000);
});

test('Retry-After as a date is reported, counted from when the answer came', async (t) => {
  const date = new Date(Date.now() + 120_000).toUTCString();
  const receiver = await startReceiver(t, (response) =>
    response.writeHead(503, { 'retry-after': date }).end(),
  );
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  const wait = attempt.retry_after_ms ?? 0;
  t.true(wait > 110_000 && wait <= 120_000, String(wait));
});

test('Retry-After that is neither is passed over', async (t) => {
  const receiver = await startReceiver(t, (response) =>
    response.writeHead(503, { 'retry-after': 'soon' }).end(),
  );
  t.is((await startSender(t).send({ ...message, url: receiver.url })).retry_after_ms, undefined);
});

test('a URL that the guard refuses is not called', async (t) => {
  const receiver = await startQuietReceiver(t);
  const sender = createWebhookSender({ guard: createAddressGuard({ allow: [] }), version: '1' });
  t.teardown(() => sender.close());
  const attempt = await sender.send({ ...message, url: `https://127.0.0.1:${receiver.port}/` });
  t.like(attempt, { outcome: 'refused', error: 'The webhook URL must lead to a public address.' });
  t.is(receiver.connections(), 0);
});

test('many deliveries to one receiver share few connections, one after the other', async (t) => {
  const receiver = await startQuietReceiver(t);
  const sender = startSender(t);
  for (let index = 0; index < 20; index += 1) await sender.send({ ...message, url: receiver.url });
  t.is(receiver.received.length, 20);
  t.true(receiver.connections() <= 2, String(receiver.connections()));
});

test('an unusable secret and a closed sender are faults of the caller and throw', async (t) => {
  const receiver = await startQuietReceiver(t);
  const sender = startSender(t);
  await t.throwsAsync(sender.send({ ...message, url: receiver.url, secrets: [] }));
  await sender.close();
  await sender.close();
  await t.throwsAsync(sender.send({ ...message, url: receiver.url }));
  t.is(receiver.connections(), 0);
});

test('closing waits for the attempt under way', async (t) => {
  const receiver = await startReceiver(t, (response) => setTimeout(() => response.end('ok'), 200));
  const sender = startSender(t);
  const sending = sender.send({ ...message, url: receiver.url });
  while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await sender.close();
  t.is((await sending).outcome, 'delivered');
});
