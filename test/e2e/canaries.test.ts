import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

const CANARY = 'canary-51c07e9b';
/** Of the operator: the clients must not see it either. */
const SECRET = 'endpoint-secret-8d2f6a';
const BREAK = '\r\nX-Forged: yes\r\n\r\n{"level":60,"msg":"forged"}\u0000\u001b[2J\u2028';
const HOSTILE = `${CANARY}${BREAK}`;

async function start(t: Parameters<typeof startTestBroker>[0]): Promise<TestBroker> {
  const model = await startScriptedModel((call, response) => {
    const words = { error: `${HOSTILE} you sent ${JSON.stringify(call.headers)}` };
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(words));
  });
  t.teardown(model.stop);
  const url = `${model.url.replace('http://', `http://user:${SECRET}@`)}?key=${SECRET}`;
  const endpoints = [{ url, headers: { 'x-api-key': SECRET } }];
  return startTestBroker(t, {
    models: [{ ...jsonModel('m', model.url), endpoints }],
    env: { LOG_LEVEL: 'trace' },
  });
}

/** What a client can put into a submission and about it. */
const submissions = [
  { json: { model: 'm', input: HOSTILE, metadata: { order: HOSTILE } } },
  { json: { model: 'm', input: { [HOSTILE]: 1 }, webhook: `https://example.org/${CANARY}?token=${CANARY}` } },
  { json: { model: HOSTILE, input: 1 } },
  { json: { model: 'm', input: 1, [HOSTILE]: 1 } },
  { json: { model: 'm', input: 1, priority: HOSTILE, cache: HOSTILE } },
  { json: { model: 'm', input: 1, webhook: HOSTILE } },
  { body: `{"${CANARY}` },
  { json: { model: 'm', input: 2 }, headers: { 'idempotency-key': `${CANARY} "'\t` } },
  { json: { model: 'm', input: 3 }, headers: { prefer: `wait=1; ${CANARY}`, traceparent: CANARY } },
  { json: { model: 'm', input: 4 }, headers: { 'content-type': `text/${CANARY}` } },
  {
    json: { model: 'm', input: 5 },
    headers: { 'x-request-id': `{"msg":"${CANARY}"}`, 'user-agent': CANARY },
  },
];

test('what clients and models say is in no log line, metric or header; nothing breaks a line', async (t) => {
  const broker = await start(t);
  for (const { headers, ...submission } of submissions) {
    const type = { 'content-type': 'application/json' };
    const answer = await broker.request('/jobs?wait=5', {
      method: 'POST',
      headers: { ...type, ...headers },
      ...submission,
    });
    for (const [name, value] of answer.headers)
      t.notRegex(`${name}: ${value}`, new RegExp(`${CANARY}|forged`, 'i'));
    t.notRegex(answer.text, new RegExp(SECRET), JSON.stringify(submission));
  }
  for (const where of [
    `/jobs/${CANARY}`,
    `/jobs?model=${CANARY}`,
    `/${CANARY}`,
    `/models/${encodeURIComponent(HOSTILE)}`,
  ])
    await broker.request(where);
  await broker.request('/healthz', { headers: { 'x-request-id': 'the-last-request' } });

  const log = await readLogs(broker, 'the-last-request');
  for (const line of log.split('\n').filter((text) => text !== '')) {
    const entry: unknown = JSON.parse(line);
    t.not(Object(entry).msg, 'forged');
    t.not(Object(entry).level, 60);
  }
  t.regex(log, /"errorType":"model_error"/, 'the model has been called');
  t.notRegex(log, new RegExp(SECRET));
  const told = log
    .split('\n')
    .filter((line) => line.includes(CANARY) && !line.includes('"msg":"attempt.failed"'));
  t.deepEqual(told, [], 'a model’s own words are in the line about its failure, and nowhere else');
  const listeners = [...log.matchAll(/"metrics":"([^"]+)"/g)].map(([, url = '']) => url);
  t.is(listeners.length, 2);
  for (const url of listeners) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    t.regex(metrics, /^inferq_/m);
    t.notRegex(metrics, new RegExp(`${CANARY}|${SECRET}`), url);
  }
});

test('no header of a client becomes another header of an answer', async (t) => {
  const broker = await start(t);
  const { hostname, port } = new URL(broker.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
    socket.on('close', () => resolve(text)).on('error', reject);
    const lines = [
      'GET /jobs/none HTTP/1.1',
      'Host: broker',
      `Authorization: Bearer ${TOKEN}`,
      `X-Request-Id: abcdefgh\x01\x0bX-Forged: yes`,
      'Connection: close',
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  });
  t.regex(answer, /^HTTP\/1\.1 40\d /);
  t.notRegex(answer, /forged/i);
});

/** All that API and worker have logged, up to a text that comes last. */
async function readLogs({ modelFile }: TestBroker, last: string): Promise<string> {
  const folder = path.dirname(modelFile);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  for (;;) {
    const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
    const log = texts.join('\n');
    if (log.includes(last)) return log;
    await sleep(50);
  }
}
