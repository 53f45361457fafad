import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';
import { AddressRefused, createGuardedAgent, type Lookup } from '../../workers/webhooks/connection.ts';
import { createWebhookSender } from '../../workers/webhooks/delivery.ts';
import { startQuietReceiver } from './receiver.ts';

const SECRETS = ['whsec_c2VjcmV0'];
const allowAll = { checkUrl: () => undefined, allowsAddress: () => true };
const message = { id: 'whd_1', body: '{}', secrets: SECRETS };

function answering(...addresses: string[]): Lookup {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

/** Takes every URL, so that only the connection is left to refuse. */
function guardOfConnection(allow: string[]) {
  const guard = createAddressGuard({ allow });
  return { ...guard, checkUrl: () => undefined };
}

for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
  test(`an address in the URL is checked on the connection too, though it is never looked up: ${host}`, async (t) => {
    const receiver = await startQuietReceiver(t);
    const agent = createGuardedAgent({ guard: guardOfConnection([]), connectTimeoutMs: 1000 });
    t.teardown(() => agent.close());
    const request = agent.request({ origin: `http://${host}:${receiver.port}`, path: '/', method: 'POST' });
    await t.throwsAsync(request, { instanceOf: AddressRefused });
    t.is(receiver.connections(), 0);
  });
}

test('with a guard that allows it the same address is reached, so the counting counts', async (t) => {
  const receiver = await startQuietReceiver(t);
  const agent = createGuardedAgent({ guard: allowAll, connectTimeoutMs: 1000 });
  t.teardown(() => agent.close());
  const { statusCode } = await agent.request({
    origin: `http://127.0.0.1:${receiver.port}`,
    path: '/',
    method: 'POST',
  });
  t.is(statusCode, 204);
  t.is(receiver.connections(), 1);
});

test('a public name that resolves to an internal address is refused without a connection', async (t) => {
  const receiver = await startQuietReceiver(t);
  const guard = createAddressGuard({ allow: [] });
  const sender = createWebhookSender({ guard, version: '1', lookup: answering('127.0.0.1') });
  t.teardown(() => sender.close());
  const attempt = await sender.send({ ...message, url: `https://hooks.example.org:${receiver.port}/` });
  t.is(attempt.outcome, 'refused');
  t.is(attempt.error, 'The host hooks.example.org does not lead to a public address.');
  t.is(attempt.status, undefined);
  t.is(receiver.connections(), 0);
});

// The listed address stands for a public one: even a guard that failed here would not leave loopback.
for (const addresses of [
  ['127.0.0.2', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.2'],
  ['127.0.0.2', '::ffff:127.0.0.1'],
]) {
  test(`one forbidden address among several refuses the name: ${addresses.join(' and ')}`, async (t) => {
    const receiver = await startQuietReceiver(t);
    const guard = guardOfConnection(['127.0.0.2']);
    const sender = createWebhookSender({ guard, version: '1', lookup: answering(...addresses) });
    t.teardown(() => sender.close());
    const attempt = await sender.send({ ...message, url: `http://hooks.example.org:${receiver.port}/` });
    t.is(attempt.outcome, 'refused');
    t.is(receiver.connections(), 0);
  });
}

test('a name that changes its answer is connected to at the address that was checked', async (t) => {
  const forbidden = await startQuietReceiver(t);
  // All of 127/8 is loopback: the first answer is allowed and nobody is there, the others are where the server is.
  const guard = guardOfConnection(['127.0.0.2']);
  let lookups = 0;
  const rebinding: Lookup = async () => {
    lookups += 1;
    return [{ address: lookups === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }];
  };
  const sender = createWebhookSender({ guard, version: '1', lookup: rebinding, timeoutMs: 1000 });
  t.teardown(() => sender.close());
  const url = `http://hooks.example.org:${forbidden.port}/`;
  t.is((await sender.send({ ...message, url })).outcome, 'failed');
  t.is(lookups, 1);
  t.is((await sender.send({ ...message, url })).outcome, 'refused');
  t.is(lookups, 2);
  t.is(forbidden.connections(), 0);
});

test('a resolver that answers with something that is no address is refused', async (t) => {
  const guard = createAddressGuard({ allow: [] });
  const sender = createWebhookSender({ guard, version: '1', lookup: answering('0x7f.1') });
  t.teardown(() => sender.close());
  t.is((await sender.send({ ...message, url: 'https://hooks.example.org/' })).outcome, 'refused');
});

test('a name without an address is a failure that may pass', async (t) => {
  const guard = createAddressGuard({ allow: [] });
  const sender = createWebhookSender({ guard, version: '1', lookup: answering() });
  t.teardown(() => sender.close());
  const attempt = await sender.send({ ...message, url: 'https://hooks.example.org/' });
  t.is(attempt.outcome, 'failed');
  t.is(attempt.error, 'The host name could not be resolved (ENOTFOUND).');
});

test('one of several allowed addresses is enough', async (t) => {
  const receiver = await startQuietReceiver(t);
  const lookup = answering('127.0.0.3', '127.0.0.1');
  const sender = createWebhookSender({ guard: allowAll, version: '1', lookup });
  t.teardown(() => sender.close());
  const attempt = await sender.send({ ...message, url: `http://hooks.example.org:${receiver.port}/` });
  t.is(attempt.outcome, 'delivered');
});

test('a proxy named in the environment is not used, and nothing keeps the process from ending', async (t) => {
  const proxy = await startQuietReceiver(t);
  const receiver = await startQuietReceiver(t);
  const script = `
    import { createWebhookSender } from './workers/webhooks/delivery.ts';
    const guard = { checkUrl: () => undefined, allowsAddress: () => true };
    const sender = createWebhookSender({ guard, version: '1' });
    const message = { id: 'whd_1', body: '{}', secrets: ['${SECRETS[0]}'] };
    const { outcome } = await sender.send({ ...message, url: process.argv[1] });
    await sender.close();
    console.log(outcome);
  `;
  const proxyUrl = `http://127.0.0.1:${proxy.port}`;
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: proxyUrl,
    http_proxy: proxyUrl,
    NO_PROXY: '',
  };
  const args = ['--input-type=module', '--eval', script, receiver.url];
  // A timer of the 15 s timeout left behind would keep the process for longer than this.
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 10_000 });
  t.is(stdout.trim(), 'delivered');
  t.is(receiver.connections(), 1);
  t.is(proxy.connections(), 0);
});
