import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { fetchKeySet } from '../../api/auth/fetch-key-set.ts';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { claimsOf, inSeconds, issue, newKey } from './forge.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { present } from './shared-broker.ts';

const old = newKey('RS256', 'old');
const next = newKey('EdDSA', 'next');

test('a flood of 1,000 random key ids costs no fetch within 30 s; then a rotated key is found, the old refused', async (t) => {
  const { issuer, broker } = await start(t);
  const oldToken = issue(old, claimsOf());
  const short = issue(old, claimsOf({ exp: inSeconds(1) }));
  t.is((await present(broker, oldToken)).status, 200);
  const fetched = performance.now();
  t.is((await present(broker, short)).status, 200);
  issuer.publish(next);
  for (let round = 0; round < 10; round++) {
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const kid = Math.random().toString(36);
        return (await present(broker, issue(old, claimsOf(), { kid }))).status;
      }),
    );
    t.true(statuses.every((status) => status === 401));
  }
  t.is(issuer.requests.length, 1);
  t.is((await present(broker, issue(next, claimsOf()))).status, 401);
  t.is((await present(broker, oldToken)).status, 200);
  // The cool-down of 30 s, and the leeway of as much for the short token.
  await sleep(Math.max(0, 31_600 - (performance.now() - fetched)));
  t.like((await present(broker, short)).body, { detail: 'The token has expired.' });
  t.is((await present(broker, issue(next, claimsOf()))).status, 200);
  t.is((await present(broker, oldToken)).status, 401);
  t.is(issuer.requests.length, 2);
});

test('with the issuer away, tokens of known keys go on', async (t) => {
  const { issuer, broker } = await start(t);
  t.is((await present(broker, issue(old, claimsOf()))).status, 200);
  await issuer.stop();
  t.is((await present(broker, issue(old, claimsOf({ sub: 'bob' })))).status, 200);
  t.is((await present(broker, issue(next, claimsOf()))).status, 401);
});

test('with the issuer away and no key known, a JWT is 503 with a time to come again; API tokens go on', async (t) => {
  const { issuer, broker } = await start(t);
  await issuer.stop();
  for (let at = 0; at < 3; at++) {
    const { status, headers, body } = await present(broker, issue(old, claimsOf()));
    t.is(status, 503);
    t.like(body, { error_type: 'keys_unavailable' });
    const seconds = Number(headers.get('retry-after'));
    t.true(seconds >= 1 && seconds <= 30, `${seconds}`);
    t.is(headers.get('www-authenticate'), null);
  }
  t.is((await present(broker, TOKEN)).status, 200);
});

test('what an issuer answers that is no key set is refused', async (t) => {
  const issuer = await startIssuer(old);
  t.teardown(issuer.stop);
  const fetching = () => fetchKeySet(new URL(issuer.uri));
  t.is((await fetching()).keys.length, 1);
  issuer.behave((response) => response.writeHead(500).end('{"keys": [{}]}'));
  await t.throwsAsync(fetching, { message: 'The JWKS was answered with status 500' });
  issuer.behave((response) => response.end('secret-looking text'));
  await t.throwsAsync(fetching, { message: 'The JWKS is not JSON' });
  for (const text of ['null', '[]', '{}', '{"keys": {}}', '{"keys": []}']) {
    issuer.behave((response) => response.end(text));
    await t.throwsAsync(fetching, { message: 'The JWKS holds no keys' }, text);
  }
});

test('an endless answer is cut off at 256 kB', async (t) => {
  const issuer = await startIssuer(old);
  t.teardown(issuer.stop);
  let sent = 0;
  issuer.behave((response) => {
    const timer = setInterval(() => {
      sent += 16_384;
      response.write(' '.repeat(16_384));
    }, 1);
    response.on('close', () => clearInterval(timer));
  });
  await t.throwsAsync(fetchKeySet(new URL(issuer.uri)), { message: 'The JWKS is larger than 262144 bytes' });
  await sleep(100);
  t.true(sent < 2_000_000, `${sent}`);
});

test('a redirect is not followed', async (t) => {
  const elsewhere = await startIssuer(next);
  const issuer = await startIssuer();
  t.teardown(issuer.stop);
  t.teardown(elsewhere.stop);
  issuer.behave((response) => response.writeHead(302, { location: elsewhere.uri }).end());
  await t.throwsAsync(fetchKeySet(new URL(issuer.uri)), {
    message: 'The JWKS was answered with status 302',
  });
  t.deepEqual(elsewhere.requests, []);
});

test('an issuer that does not answer is given up after five seconds', async (t) => {
  const silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const address = silent.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const started = performance.now();
  await t.throwsAsync(fetchKeySet(new URL(`http://127.0.0.1:${port}/`)), { message: /timeout/ });
  const elapsed = performance.now() - started;
  t.true(elapsed > 4900 && elapsed < 7000, `${elapsed} ms`);
});

async function start(t: ExecutionContext): Promise<{ issuer: Issuer; broker: TestBroker }> {
  const issuer = await startIssuer(old);
  t.teardown(issuer.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9')],
    workers: 0,
    env: { JWKS_URI: issuer.uri },
  });
  return { issuer, broker };
}
