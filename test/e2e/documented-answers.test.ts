import test from 'ava';
import { jsonModel, startTestBroker, type Answered, type TestBroker } from '../support/broker.ts';
import { bearer, makeToken, putTenant } from '../support/tenant.ts';

const HEADERS = [
  'ETag',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

type Case = [route: string, path: string, status: number, init?: RequestInit & { json?: unknown }];

test('what a refusal or an answer has, status and headers, the OpenAPI document has of it', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  const text = { body: 'text', headers: { 'content-type': 'text/plain' } };
  const large = { json: 'x'.repeat(1_100_000) };
  const cases: Case[] = [
    ['GET /jobs/{id}', `/jobs/${id}?wait=0`, 400],
    ['GET /jobs/{id}', `/jobs/${id}`, 200, { headers: { prefer: 'wait=1' } }],
    ['GET /jobs/{id}', `/jobs/${id}`, 304, { headers: { 'if-none-match': '*' } }],
    ['GET /jobs/{id}/events', `/jobs/${id}/events`, 400, { headers: { 'last-event-id': 'x' } }],
    ['PUT /models/{name}', '/models/n', 400, { body: '{', headers: { 'content-type': 'application/json' } }],
    ['PUT /models/{name}', '/models/n', 413, large],
    ['PUT /models/{name}', '/models/n', 415, text],
    ['POST /models/{name}/pause', '/models/m@1/pause', 400],
    ['POST /models/{name}/resume', '/models/m@1/resume', 400],
    ['POST /models/{name}/redrive', '/models/m/redrive', 400, { json: { limit: 0 } }],
    ['GET /audit', '/audit?cursor=x', 400],
    ['GET /audit', '/audit?cursor=0-0', 400],
    ['POST /webhooks/redeliver', '/webhooks/redeliver', 415, text],
    ['POST /jobs', '/jobs', 413, large],
    ['GET /jobs', '/jobs', 401, { headers: { authorization: 'Bearer none' } }],
  ];
  const check = await checkAgainst(broker);
  for (const [route, path, status, init] of cases) {
    const [method = ''] = route.split(' ');
    const answered = await broker.request(path, { method, ...init });
    t.is(answered.status, status, `${route} ${answered.text}`);
    t.deepEqual(check(route, answered), [], route);
  }

  await putTenant(broker, 'acme', { rate: { limit: 2, window: 3000 } });
  const headers = { ...bearer((await makeToken(broker, 'acme')).token), prefer: 'wait=1' };
  const submit = () => broker.request('/jobs', { method: 'POST', json: { model: 'm', input: 1 }, headers });
  const accepted = await submit();
  const job = Object(accepted.body).id;
  await broker.request(`/jobs/${job}/cancel`, { method: 'POST', headers });
  const retry = () => broker.request(`/jobs/${job}/retry`, { method: 'POST', headers });
  const [again, late, refused] = [await retry(), await retry(), await submit()];
  t.deepEqual(
    [accepted, again, late, refused].map(({ status }) => status),
    [202, 202, 429, 429],
  );
  for (const answered of [accepted, refused]) t.deepEqual(check('POST /jobs', answered), []);
  for (const answered of [again, late]) t.deepEqual(check('POST /jobs/{id}/retry', answered), []);
});

/** What an answer has and the document does not. */
async function checkAgainst(broker: TestBroker): Promise<(route: string, answered: Answered) => string[]> {
  const { paths } = Object((await broker.request('/openapi.json')).body);
  return (route, { status, headers }) => {
    const [method = '', path = ''] = route.split(' ');
    const described = Object(paths[path]?.[method.toLowerCase()]?.responses[status]);
    const missing = HEADERS.filter((name) => headers.has(name) && !(name in Object(described.headers)));
    return 'description' in described ? missing : [`status ${status}`];
  };
}
