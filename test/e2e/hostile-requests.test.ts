import test from 'ava';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { exchange, portOf } from '../support/raw-http.ts';

const SCHEMA = {
  type: 'object',
  properties: { slow: { type: 'string', pattern: '^(a+)+$' }, other: { type: 'string', pattern: '^b+$' } },
};

test('bodies that other parsers take are refused by name, and the broker goes on', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => broker.request('/jobs', { method: 'POST', body, headers });
  const cases: [string, string | Uint8Array<ArrayBuffer>, Record<string, string> | undefined, number][] = [
    ['duplicate keys', '{"model":"m","input":1,"input":2}', undefined, 400],
    ['__proto__', '{"model":"m","input":{"__proto__":{"x":1}}}', undefined, 400],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), undefined, 400],
    ['an unsafe integer', '{"model":"m","input":9007199254740993}', undefined, 400],
    ['1e999', '{"model":"m","input":1e999}', undefined, 400],
    ['depth', `{"model":"m","input":${'['.repeat(100)}${']'.repeat(100)}}`, undefined, 400],
    ['another type', '{"model":"m","input":1}', { 'content-type': 'text/plain' }, 415],
    ['UTF-7', '{"model":"m","input":1}', { 'content-type': 'application/json; charset=utf-7' }, 415],
    [
      'gzip',
      '{"model":"m","input":1}',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      415,
    ],
    ['a body over the limit', JSON.stringify({ model: 'm', input: 'x'.repeat(1_100_000) }), undefined, 413],
  ];
  for (const [title, body, headers, status] of cases) t.is((await post(body, headers)).status, status, title);
  t.is((await post('{"model":"m","input":1}')).status, 202);
});

test('application/json is taken with whatever parameters, as long as they say no other charset than UTF-8', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const post = async (type: string): Promise<number> => {
    const init = { method: 'POST', body: '{"model":"m","input":1}', headers: { 'content-type': type } };
    return (await broker.request('/jobs', init)).status;
  };
  for (const type of [
    'Application/JSON',
    'application/json;',
    'application/json ; charset=UTF-8 ;',
    'application/json; charset="utf-8"',
    'application/json; charset=utf8',
    'application/json; foo=bar; charset=utf-8',
    'application/json; profile="a; charset=utf-16"',
  ])
    t.is(await post(type), 202, type);
  for (const type of [
    'application/json; charset=utf-16',
    'application/json; foo=bar; charset="iso-8859-1"',
    'application/jsonp',
    'application/json, text/plain',
    'application/problem+json',
    'json',
    ';',
  ])
    t.is(await post(type), 415, type);
});

test('a schema pattern that makes others backtrack for seconds is answered at once', async (t) => {
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9', { input_schema: SCHEMA })],
    workers: 0,
  });
  const post = (input: unknown) => broker.request('/jobs', { method: 'POST', json: { model: 'm', input } });
  await post({});
  const started = performance.now();
  t.is((await post({ slow: `${'a'.repeat(50_000)}!` })).status, 422);
  t.true(performance.now() - started < 1000, `${performance.now() - started} ms`);
  t.is((await post({ slow: 'aaa', other: 'bbb' })).status, 202);
  t.is((await post({ slow: 'aaa', other: 'aaa' })).status, 422, 'each pattern is its own');
});

test('requests that are not HTTP are refused on the socket, and the broker goes on', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const head = 'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const cases: [string, string, RegExp][] = [
    ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'both lengths',
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
    [
      'a coding beside chunks',
      `${head}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 [^]*"error_type":"invalid_request"/,
    ],
    [
      'a tunnel',
      'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n',
      /^HTTP\/1\.1 400 [^]*"error_type":"invalid_request"/,
    ],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a folded header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'huge headers',
      `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(40_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      'an expectation that nobody knows',
      `${head}Expect: foo\r\nContent-Length: 2\r\n\r\n{}`,
      /^HTTP\/1\.1 417 [^]*^x-request-id: [0-9a-f-]{36}\r$[^]*"error_type":"expectation_failed"/im,
    ],
  ];
  for (const [title, request, expected] of cases)
    t.regex((await exchange(portOf(broker.url), request)).answer, expected, title);
  t.is((await broker.request('/healthz')).status, 200);
});

test('a path that is no path is a fault of the client', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  for (const path of [
    '/jobs/%',
    '/jobs/%00',
    '/jobs/..%2f..%2fetc',
    '/jobs/job_x%0d%0aX: y',
    '//evil.example/jobs',
  ])
    t.true([400, 404].includes((await broker.request(path)).status), path);
});

test('a request that is answered before it has come whole gets no second answer for what follows', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const head = [
    'POST /jobs HTTP/1.1',
    'Host: broker',
    'Authorization: Bearer none',
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
  ];
  // The broken chunk comes when the refusal of the token has been sent.
  const pieces = [`${head.join('\r\n')}\r\n\r\n`, '', '', 'zz\r\n'];
  const { answer } = await exchange(portOf(broker.url), pieces, { everyMs: 300 });
  t.is(answer.split('HTTP/1.1 ').length, 2, answer);
  t.regex(answer, /^HTTP\/1\.1 401 /);
});

test('a body without a length that grows over the limit is read to its end, and the next request answered', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const head = [
    'POST /jobs HTTP/1.1',
    'Host: broker',
    `Authorization: Bearer ${TOKEN}`,
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
  ];
  const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
  const next = 'GET /healthz HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n';
  const request = `${head.join('\r\n')}\r\n\r\n${chunk.repeat(64)}0\r\n\r\n${next}`;
  const { answer, milliseconds } = await exchange(portOf(broker.url), request);
  t.regex(answer, /^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 /);
  // A request that does not come whole is given up after 30 s.
  t.true(milliseconds < 15_000, `${milliseconds} ms`);
});
