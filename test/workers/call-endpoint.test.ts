import test from 'ava';
import { startReceiver, unusedPort } from '../webhooks/receiver.ts';
import { callOf, failing, faultOf, startCaller, until, JSON_TYPE, STREAM_TYPE } from './endpoint-calls.ts';

test('the request is posted as JSON and the JSON of the answer comes back', async (t) => {
  const server = await startReceiver(t, (response) =>
    response.writeHead(200, JSON_TYPE).end('{"language": "de"}'),
  );
  t.deepEqual(await startCaller(t).call(callOf(`${server.url}?v=2`)), { language: 'de' });
  const [received] = server.received;
  t.like(received, { method: 'POST', path: '/hook?v=2', body: '{"text":"hi"}' });
  t.is(received?.headers['content-type'], 'application/json');
});

test("the endpoint's headers replace the protocol's and the caller's replace both, whatever their case", async (t) => {
  const server = await startReceiver(t, (response) => response.end('1'));
  const call = callOf(server.url, { headers: { 'Idempotency-Key': 'job_1', 'x-inferq-attempt': '2' } });
  call.endpoint.headers = {
    Accept: 'application/json',
    'idempotency-key': 'theirs',
    authorization: 'Bearer x',
  };
  await startCaller(t).call(call);
  t.like(server.received[0]?.headers, {
    accept: 'application/json',
    'idempotency-key': 'job_1',
    'x-inferq-attempt': '2',
    authorization: 'Bearer x',
  });
});

test('credentials in the url become Basic authentication', async (t) => {
  const server = await startReceiver(t, (response) => response.end('1'));
  await startCaller(t).call(callOf(server.url.replace('//', '//us%3Aer:p%40ss+1@')));
  t.is(server.received[0]?.headers['authorization'], `Basic ${btoa('us:er:p@ss+1')}`);
});

test('calls one after the other share connections, plain, refused and streamed', async (t) => {
  const server = await startReceiver(t, (response, { path }) => {
    if (path === '/refused') response.writeHead(500, JSON_TYPE).end('{"error": "no"}');
    else if (path === '/streamed') response.writeHead(200, STREAM_TYPE).end('event: output\ndata: 1\n\n');
    else response.end('1');
  });
  const caller = startCaller(t);
  for (const path of ['/plain', '/refused', '/streamed', '/plain', '/refused', '/streamed', '/plain']) {
    await caller
      .call(callOf(server.url.replace('/hook', path)))
      .catch((error: unknown) => t.is(path, '/refused', String(error)));
  }
  // undici is not always done with the first connection when the next call begins.
  t.true(server.connections() <= 2);
});

for (const declared of [true, false]) {
  test(`an answer ${declared ? 'declared' : 'found'} to be too large is result_too_large, and not read on`, async (t) => {
    let sent = 0;
    const { error, server } = await failing(
      t,
      (response) => {
        response.writeHead(200, { ...JSON_TYPE, ...(declared ? { 'content-length': 1e9 } : {}) });
        const writing = setInterval(() => {
          sent += 10_000;
          response.write('x'.repeat(10_000));
        }, 5);
        response.on('close', () => clearInterval(writing));
      },
      { maxBytes: 50_000 },
    );
    t.is(error.code, 'result_too_large');
    t.true(await until(() => server.open() === 0));
    t.true(sent < 5_000_000);
  });
}

test('an answer of exactly the limit is read', async (t) => {
  const server = await startReceiver(t, (response) => response.end('"12345678"'));
  t.is(await startCaller(t).call(callOf(server.url, { maxBytes: 10 })), '12345678');
  t.is((await faultOf(t, startCaller(t).call(callOf(server.url, { maxBytes: 9 })))).code, 'result_too_large');
});

test('a redirect is model_error, and not followed', async (t) => {
  const target = await startReceiver(t, (response) => response.end('1'));
  const { error } = await failing(t, (response) => response.writeHead(307, { location: target.url }).end());
  t.is(error.code, 'model_error');
  t.regex(error.message, /not followed/);
  t.is(target.connections(), 0);
});

test('a busy server is model_unavailable with the wait it asked for', async (t) => {
  const { error } = await failing(t, (response) => response.writeHead(429, { 'retry-after': '7' }).end());
  t.is(error.code, 'model_unavailable');
  t.is(error.retryAfter, 7);
});

const messages: [type: string, body: string, said: RegExp][] = [
  ['application/json', '{"error": "no such tensor"}', /and said: no such tensor/],
  ['text/plain', 'no such tensor', /and said: no such tensor/],
  ['text/html', '<h1>no such tensor</h1>', /answered 422\./],
  ['application/json', '{"error": ', /answered 422\./],
  ['application/json', JSON.stringify({ error: 'x'.repeat(100_000) }), /answered 422\./],
];
for (const [type, body, said] of messages) {
  test(`a refusal with ${type} ${body.slice(0, 30)} is model_error: ${said.source}`, async (t) => {
    const { error } = await failing(t, (response) =>
      response.writeHead(422, { 'content-type': type }).end(body),
    );
    t.is(error.code, 'model_error');
    t.regex(error.message, said);
  });
}

test('a refusal whose body breaks off is told by its status', async (t) => {
  const { error } = await failing(t, (response) => {
    response.writeHead(503, { 'content-length': 100, 'retry-after': '3' });
    response.write('x', () => response.destroy());
  });
  t.is(error.code, 'model_unavailable');
  t.is(error.retryAfter, 3);
});

const garbage: [what: string, headers: Record<string, string>, body: string, message: RegExp][] = [
  ['half of a JSON text', JSON_TYPE, '{"a": ', /not JSON/],
  ['a page for people', { 'content-type': 'text/html; charset=utf-8' }, '<html>', /not JSON \(text\/html/],
  ['no body', JSON_TYPE, '', /no body/],
  ['a compressed body', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}', /Content-Encoding gzip/],
];
for (const [what, headers, body, message] of garbage) {
  test(`${what} is invalid_output`, async (t) => {
    const { error } = await failing(t, (response) => response.writeHead(200, headers).end(body));
    t.is(error.code, 'invalid_output');
    t.regex(error.message, message);
  });
}

test('JSON under another content type is read', async (t) => {
  const server = await startReceiver(t, (response) =>
    response.writeHead(200, { 'content-type': 'text/plain' }).end('[1]'),
  );
  t.deepEqual(await startCaller(t).call(callOf(server.url)), [1]);
});

test('headers that cannot be sent are model_error', async (t) => {
  const call = callOf(`http://127.0.0.1:${await unusedPort()}/`);
  call.endpoint.headers = { 'x-bad': 'a\r\nb' };
  t.is((await faultOf(t, startCaller(t).call(call))).code, 'model_error');
});

test('a url that is none is model_error and stays out of the message', async (t) => {
  const error = await faultOf(t, startCaller(t).call(callOf('http://canary:canary@')));
  t.is(error.code, 'model_error');
  t.false(error.message.includes('canary'));
});

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

test('an answer that is nested 500 deep is read, one level more is invalid_output', async (t) => {
  const server = await startReceiver(t, (response) => response.end(nested(500)));
  t.is(JSON.stringify(await startCaller(t).call(callOf(server.url))), nested(500));
  const { error } = await failing(t, (response) => response.end(nested(501)));
  t.is(error.code, 'invalid_output');
  t.regex(error.message, /nested deeper than 500 levels/);
});

test('of a header that a server sends twice the first counts', async (t) => {
  const server = await startReceiver(t, (response) =>
    response
      .writeHead(200, ['content-type', 'application/json', 'content-type', 'text/html'])
      .end('{"language": "de"}'),
  );
  t.deepEqual(await startCaller(t).call(callOf(server.url)), { language: 'de' });
  const { error } = await failing(t, (response) =>
    response.writeHead(429, ['retry-after', '7', 'retry-after', '9']).end(),
  );
  t.is(error.retryAfter, 7);
});
