import test from 'ava';
import { readApiConfig } from '../../shared/config.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';

const ORIGIN = 'https://app.example.org';

const start = (
  t: Parameters<typeof startTestBroker>[0],
  env: Record<string, string> = {},
): Promise<TestBroker> =>
  startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0, env });

async function addressOnRecord(broker: TestBroker, forwarded: string): Promise<unknown> {
  const headers = { 'x-forwarded-for': forwarded };
  await broker.request('/tenants/acme', { method: 'PUT', json: {}, headers });
  return Object((await broker.request('/audit')).body).data[0].address;
}

test('without a setting no page of another origin is let in, and no forwarded address is believed', async (t) => {
  const broker = await start(t);
  const answer = await broker.request('/jobs', { headers: { origin: ORIGIN } });
  t.is(answer.headers.get('access-control-allow-origin'), null);
  const preflight = await broker.request('/jobs', {
    method: 'OPTIONS',
    headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
  });
  t.is(preflight.headers.get('access-control-allow-origin'), null);
  t.regex(String(await addressOnRecord(broker, '203.0.113.9')), /127\.0\.0\.1$/);
});

test('pages of the origins that were named may call with a token and read what they need', async (t) => {
  const broker = await start(t, { INFERQ_CORS_ORIGINS: `${ORIGIN},https://other.example.org` });
  const preflight = await broker.request('/jobs', {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('access-control-allow-origin'), ORIGIN);
  t.regex(preflight.headers.get('access-control-allow-headers') ?? '', /idempotency-key/);
  t.is(preflight.headers.get('access-control-allow-credentials'), null);
  const answer = await broker.request('/jobs', { headers: { origin: ORIGIN } });
  t.is(answer.status, 200);
  t.is(answer.headers.get('access-control-allow-origin'), ORIGIN);
  t.regex(answer.headers.get('access-control-expose-headers') ?? '', /Retry-After/);
  const refused = await broker.request('/jobs', { headers: { origin: ORIGIN, authorization: 'Bearer no' } });
  t.is(refused.status, 401);
  t.is(refused.headers.get('access-control-allow-origin'), ORIGIN, 'or the page cannot tell why');
  const stranger = await broker.request('/jobs', { headers: { origin: 'https://evil.example.org' } });
  t.is(stranger.headers.get('access-control-allow-origin'), null);
});

test('behind one trusted proxy the address is the last that was forwarded, whatever a client puts before it', async (t) => {
  const broker = await start(t, { INFERQ_TRUST_PROXY: '1' });
  t.is(await addressOnRecord(broker, '198.51.100.1, 203.0.113.9'), '203.0.113.9');
});

test('what the edge is told is checked at start', (t) => {
  const env = {
    REDIS_URL: 'redis://127.0.0.1',
    INFERQ_TRUST_PROXY: 'true',
    INFERQ_CORS_ORIGINS: '*, https://a.example/x',
  };
  const error = t.throws(() => readApiConfig(env));
  t.deepEqual(error?.message.split('\n'), [
    "INFERQ_TRUST_PROXY is 'true': it must be how many proxies are in front of the API, 0 to 10.",
    "INFERQ_CORS_ORIGINS has '*': an origin is written https://app.example.org, without a path; * is not taken.",
    "INFERQ_CORS_ORIGINS has 'https://a.example/x': an origin is written https://app.example.org, without a path; * is not taken.",
  ]);
});
