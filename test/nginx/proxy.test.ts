import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { ERRORS } from '../../shared/errors.ts';
import { jsonModel, startTestBroker, TOKEN, type BrokerOptions, type TestBroker } from '../support/broker.ts';
import { readEvents } from '../support/event-stream.ts';
import { startNginx, type NginxOptions, type RunningNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';
import { exchange } from '../support/raw-http.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

const CANARY = 'canary-6b1f40c2';

interface Proxied {
  broker: TestBroker;
  nginx: RunningNginx;
  request: (path: string, init?: RequestInit) => Promise<Response>;
  submit: (job: Record<string, unknown>, headers?: Record<string, string>) => Promise<Response>;
}

/** A broker with two replicas of the API behind nginx, and a client of nginx. */
async function start(
  t: ExecutionContext,
  options: BrokerOptions,
  more: Partial<NginxOptions> = {},
): Promise<Proxied> {
  const broker = await startTestBroker(t, { apis: 2, env: { INFERQ_TRUST_PROXY: '1' }, ...options });
  const nginx = await startNginx(t, { apis: broker.urls, ...more });
  const request: Proxied['request'] = (where, init = {}) =>
    fetch(nginx.url + where, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, ...Object.fromEntries(new Headers(init.headers)) },
    });
  const submit: Proxied['submit'] = (job, headers = {}) =>
    request('/jobs', {
      method: 'POST',
      body: JSON.stringify(job),
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { broker, nginx, request, submit };
}

const idle: BrokerOptions = { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 };

withNginx('a job goes through, waits for its end, and is polled for', async (t) => {
  const model = await startScriptedModel(async (call, response) => {
    await sleep(300);
    answer(response, { echo: call.body });
  });
  t.teardown(model.stop);
  const { request, submit } = await start(t, { models: [jsonModel('m', model.url)] });
  const waited = await submit({ model: 'm', input: { a: 1 } }, { prefer: 'wait=30' });
  t.is(waited.status, 200);
  t.is(waited.headers.get('preference-applied'), 'wait=30');
  t.like(await waited.json(), { status: 'succeeded', output: { echo: { a: 1 } } });
  const submitted = await submit({ model: 'm', input: { a: 2 } });
  t.is(submitted.status, 202);
  const polled = await request(`${submitted.headers.get('location')}?wait=30`);
  t.like(await polled.json(), { status: 'succeeded', output: { echo: { a: 2 } } });
});

withNginx('events come one by one, each when it happens', async (t) => {
  const steps = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const model = await startScriptedModel(async (_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const [index, step] of steps.entries()) {
      response.write(`event: chunk\ndata: "part ${index}"\n\n`);
      await step.promise;
    }
    response.end('event: output\ndata: "whole"\n\n');
  });
  t.teardown(model.stop);
  const { nginx, submit } = await start(t, { models: [jsonModel('m', model.url)] });
  const job: unknown = await submit({ model: 'm', input: 1 }).then((response) => response.json());
  const id = String(Reflect.get(Object(job), 'id'));
  let released = 0;
  const events = await readEvents(`${nginx.url}/jobs/${id}/events`, {
    // The model goes on only when its last word has arrived: a proxy that keeps it back would wait for ever.
    enough: (so) => {
      if (so.filter(({ event }) => event === 'output').length > released) steps[released++]?.resolve();
      return false;
    },
  });
  t.is(released, 3);
  t.is(events.at(-1)?.event, 'done');
});

withNginx('requests are spread over the replicas', async (t) => {
  const { broker, nginx, request } = await start(t, idle);
  // One after the other: of several at once the replica that is quicker just then has more.
  for (let count = 0; count < 40; count++) await (await request('/healthz')).text();
  const replicas = (await nginx.lines(40)).map((line) => Reflect.get(JSON.parse(line), 'upstream'));
  for (const url of broker.urls)
    t.true(replicas.filter((replica) => replica === new URL(url).host).length >= 10, replicas.join());
});

withNginx('a body over 1 MiB is refused as the API refuses it, with a length and in chunks', async (t) => {
  const { request } = await start(t, idle);
  const json = { 'content-type': 'application/json' };
  const large = 'x'.repeat(1024 * 1024 + 1);
  const chunked = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(large));
      controller.close();
    },
  });
  const bodies: RequestInit[] = [{ body: large }, { body: chunked, duplex: 'half' }];
  for (const body of bodies) {
    const refused = await request('/jobs', { method: 'POST', headers: json, ...body });
    await isProblem(t, refused, 'payload_too_large');
  }
  const start1 = '{"model":"m","input":"';
  const fits = `${start1}${'x'.repeat(1024 * 1024 - start1.length - 2)}"}`;
  t.is((await request('/jobs', { method: 'POST', headers: json, body: fits })).status, 202);
});

withNginx('headers reach as far as the API takes them', async (t) => {
  const { request } = await start(t, idle);
  t.is((await request('/healthz', { headers: { 'x-long': 'x'.repeat(14_000) } })).status, 200);
  await isProblem(
    t,
    await request('/healthz', { headers: { 'x-long': 'x'.repeat(20_000) } }),
    'headers_too_large',
  );
});

withNginx('the faults that nginx finds are told like those of the API, in its words', async (t) => {
  const { nginx, request } = await start(t, idle);
  await isProblem(t, await request('/metrics'), 'not_found');
  await isProblem(t, await request('/metrics/x'), 'not_found');
  t.regex(
    (await exchange(nginx.port, 'TRACE /jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).answer,
    /^HTTP\/1\.1 405 [^]*method_not_allowed/,
  );
  const configuration = await readFile(path.join(import.meta.dirname, '../../nginx/nginx.conf'), 'utf8');
  const problems = [...configuration.matchAll(/^ +(?:default|\d{3}) '(\{"type".+\})';$/gm)];
  t.is(problems.length, 9);
  for (const [, text = ''] of problems) {
    const problem: unknown = JSON.parse(text);
    const code = String(Reflect.get(Object(problem), 'error_type'));
    const { status, title } =
      new Map<string, { status: number; title: string }>(Object.entries(ERRORS)).get(code) ?? {};
    t.like(problem, { type: `urn:inferq:error:${code}`, status, title }, code);
  }
});

withNginx('the API sees the address of the client, whatever the client says', async (t) => {
  const { request, broker } = await start(t, idle);
  const made = await request('/tenants/acme', {
    method: 'PUT',
    body: '{}',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
  });
  t.is(made.status, 201);
  const { text } = await broker.request('/audit');
  t.true(text.includes('"address":"127.0.0.1"'), text);
  t.false(text.includes('203.0.113.9'));
});

withNginx('a request has one id, the client’s own where it is safe, in answer and log', async (t) => {
  const { nginx, request } = await start(t, idle);
  const own = await request('/healthz', { headers: { 'x-request-id': 'my-own-id.1' } });
  t.is(own.headers.get('x-request-id'), 'my-own-id.1');
  const made = await request('/healthz', { headers: { 'x-request-id': '{"forged":1}' } });
  t.regex(made.headers.get('x-request-id') ?? '', /^[0-9a-f]{32}$/);
  const refused = await request('/metrics', { headers: { 'x-request-id': 'my-own-id.2' } });
  t.is(refused.headers.get('x-request-id'), 'my-own-id.2');
  const ids = (await nginx.lines(3)).map((line) => Reflect.get(JSON.parse(line), 'requestId'));
  t.deepEqual(ids, ['my-own-id.1', made.headers.get('x-request-id'), 'my-own-id.2']);
});

withNginx('the log is one line of JSON a request, without what clients keep to themselves', async (t) => {
  const { nginx, request, submit } = await start(t, idle, { rate: '1r/s' });
  const headers = { 'user-agent': CANARY, referer: CANARY, cookie: CANARY, 'x-request-id': `"${CANARY}\\"` };
  await submit({ model: 'm', input: CANARY }, { ...headers, 'idempotency-key': CANARY });
  await request(`/jobs?metadata.order=${CANARY}`, { headers });
  await request(`/jobs/x/events?token=${CANARY}`, { headers: { authorization: `Bearer ${CANARY}` } });
  await request(`/metrics?${CANARY}`, { headers });
  await exchange(nginx.port, `GET /healthz?${CANARY} HTTP/1.1\r\nHost: ${CANARY}\r\nA b: ${CANARY}\r\n\r\n`);
  await exchange(nginx.port, `GET /?${'x'.repeat(20_000)}${CANARY} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await nginx.lines(6);
  const lines = (await nginx.output()).trim().split('\n');
  t.is(lines.length, 6);
  for (const line of lines) {
    t.false(line.includes(CANARY), line);
    t.is(Reflect.get(JSON.parse(line), 'msg'), 'request.answered');
  }
});

withNginx('too many requests from one address are refused before anybody is asked for', async (t) => {
  const { broker, nginx, request } = await start(t, idle, { rate: '1r/m' });
  const answers = await Promise.all(Array.from({ length: 450 }, () => request('/healthz')));
  const refused = answers.filter(({ status }) => status === 429);
  t.true(refused.length >= 40, `${refused.length}`);
  t.true(answers.filter(({ status }) => status === 200).length >= 400);
  const [first] = refused;
  t.is(first?.headers.get('retry-after'), '1');
  if (first) await isProblem(t, first, 'rate_limited');
  t.is((await broker.request('/healthz')).status, 200);
  t.false((await nginx.output()).includes('limiting requests'));
});

withNginx('without a replica the answer is 502, at once, and says what is safe', async (t) => {
  const nginx = await startNginx(t, { apis: ['http://127.0.0.1:9', 'http://127.0.0.1:19'] });
  const refused = await fetch(`${nginx.url}/healthz`);
  t.is(refused.headers.get('retry-after'), '1');
  await isProblem(t, refused, 'api_unreachable');
});

async function isProblem(t: ExecutionContext, response: Response, code: keyof typeof ERRORS): Promise<void> {
  const { status, title } = ERRORS[code];
  t.is(response.status, status, code);
  t.is(response.headers.get('content-type'), 'application/problem+json');
  t.truthy(response.headers.get('x-request-id'));
  t.like(await response.json(), { type: `urn:inferq:error:${code}`, title, status, error_type: code });
}
