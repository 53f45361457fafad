import test, { type ExecutionContext } from 'ava';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { startNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';
import { exchange, portOf } from '../support/raw-http.ts';

const HEAD = `POST /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
/** Both give 10 s for the headers. What a busy machine adds is no part of the promise. */
const HEADERS_WITHIN_MS = 30_000;

const api = (t: ExecutionContext): Promise<TestBroker> =>
  startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });

function* dripping(start: string, drop: string): Generator<string> {
  yield start;
  for (;;) yield drop;
}

test('who drips headers at the API is told so with 408, and cut off', async (t) => {
  const broker = await api(t);
  const slow = exchange(portOf(broker.url), dripping(HEAD, 'X-Slow: 1\r\n'), { everyMs: 500 });
  t.is((await broker.request('/healthz')).status, 200, 'others are served');
  const { answer, milliseconds } = await slow;
  t.regex(answer, /^HTTP\/1\.1 408 /);
  t.true(milliseconds < HEADERS_WITHIN_MS, `${milliseconds} ms`);
});

test('who drips a body at the API is told so with 408, and cut off', async (t) => {
  const broker = await api(t);
  const drip = () =>
    exchange(portOf(broker.url), dripping(`${HEAD}Content-Length: 100000\r\n\r\n{`, ' '), { everyMs: 500 });
  let { answer, milliseconds } = await drip();
  // On a busy machine Redis may be away for a moment when the token is looked up.
  while (answer.startsWith('HTTP/1.1 503 ')) ({ answer, milliseconds } = await drip());
  t.regex(answer, /^HTTP\/1\.1 408 /);
  t.true(milliseconds < 60_000, `${milliseconds} ms`);
});

withNginx('who is slow with nginx is cut off, its log says 408, and the API sees nothing', async (t) => {
  const broker = await api(t);
  const nginx = await startNginx(t, { apis: broker.urls });
  const cases: Record<string, [Iterable<string>, number]> = {
    'dripping headers': [dripping(HEAD, 'X-Slow: 1\r\n'), 500],
    'headers that stop': [[HEAD], 0],
    'a body that stops': [[`${HEAD}Content-Length: 100\r\n\r\n{`], 0],
    'chunks that stop': [[`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{`], 0],
  };
  const slow = Object.entries(cases).map(async ([title, [pieces, everyMs]]) => {
    const { answer, milliseconds } = await exchange(nginx.port, pieces, { everyMs });
    t.is(answer, '', title);
    t.true(milliseconds < HEADERS_WITHIN_MS, `${title}: ${milliseconds} ms`);
  });
  t.is((await fetch(`${nginx.url}/healthz`)).status, 200, 'others are served');
  await Promise.all(slow);
  const answered = (await nginx.lines(5)).map((line): unknown => JSON.parse(line));
  const cut = answered.filter((line) => Reflect.get(Object(line), 'status') === 408);
  t.is(cut.length, 4);
  for (const line of cut) t.like(line, { upstream: '' });
});
