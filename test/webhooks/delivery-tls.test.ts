import { readFileSync } from 'node:fs';
import { setDefaultCACertificates } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';
import type { Lookup } from '../../workers/webhooks/connection.ts';
import { createWebhookSender, type WebhookSender } from '../../workers/webhooks/delivery.ts';
import { startQuietReceiver, startSecureReceiver } from './receiver.ts';

// A certificate of hooks.example.org for these tests alone, signed by itself, from 2020 to 2120.
const cert = readFileSync(new URL('fixtures/certificate.pem', import.meta.url), 'utf8');
const key = readFileSync(new URL('fixtures/key.pem', import.meta.url), 'utf8');

const guard = createAddressGuard({ allow: ['127.0.0.1'] });
const message = { id: 'whd_1', body: '{}', secrets: ['whsec_c2VjcmV0'] };
const lookup: Lookup = async () => [{ address: '127.0.0.1', family: 4 }];

function startSender(t: ExecutionContext): WebhookSender {
  const sender = createWebhookSender({ guard, version: '1', lookup, timeoutMs: 5000 });
  t.teardown(() => sender.close());
  return sender;
}

// One after the other: which authorities are trusted, and the environment, are the thread's.
test.serial('a certificate that nobody trusts is refused', async (t) => {
  const receiver = await startSecureReceiver(t, { key, cert }, (response) => response.end());
  const attempt = await startSender(t).send({
    ...message,
    url: `https://hooks.example.org:${receiver.port}/`,
  });
  t.is(attempt.outcome, 'failed');
  t.is(attempt.error, 'The TLS connection could not be made (DEPTH_ZERO_SELF_SIGNED_CERT).');
  t.is(receiver.received.length, 0);
});

test.serial('the environment cannot switch the check of certificates off', async (t) => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.teardown(() => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  });
  const receiver = await startSecureReceiver(t, { key, cert }, (response) => response.end());
  const attempt = await startSender(t).send({
    ...message,
    url: `https://hooks.example.org:${receiver.port}/`,
  });
  t.is(attempt.outcome, 'failed');
  t.is(receiver.received.length, 0);
});

test.serial('a trusted certificate of the name is taken, at whatever address', async (t) => {
  setDefaultCACertificates([cert]);
  const receiver = await startSecureReceiver(t, { key, cert }, (response) => response.end());
  const attempt = await startSender(t).send({
    ...message,
    url: `https://hooks.example.org:${receiver.port}/`,
  });
  t.like(attempt, { outcome: 'delivered', status: 200 });
  t.is(receiver.received[0]?.headers['host'], `hooks.example.org:${receiver.port}`);
});

test.serial('a trusted certificate of another name is refused', async (t) => {
  setDefaultCACertificates([cert]);
  const receiver = await startSecureReceiver(t, { key, cert }, (response) => response.end());
  const attempt = await startSender(t).send({
    ...message,
    url: `https://other.example.org:${receiver.port}/`,
  });
  t.is(attempt.outcome, 'failed');
  t.is(attempt.error, 'The TLS connection could not be made (ERR_TLS_CERT_ALTNAME_INVALID).');
  t.is(receiver.received.length, 0);
});

test.serial('https to a receiver that speaks plain http is a failure', async (t) => {
  const receiver = await startQuietReceiver(t);
  const attempt = await startSender(t).send({
    ...message,
    url: `https://hooks.example.org:${receiver.port}/`,
  });
  t.is(attempt.outcome, 'failed');
  t.regex(attempt.error ?? '', /^The TLS connection could not be made \(\w+\)\.$/);
});
