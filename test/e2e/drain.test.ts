import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { somebodyListens } from '../../cli/local/ports.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { portOf } from '../support/raw-http.ts';

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

test('behind a proxy, an API that stops takes no new connection and answers on those that there are', async (t) => {
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9')],
    workers: 0,
    env: { INFERQ_TRUST_PROXY: '1' },
  });
  const port = portOf(broker.url);
  const kept = connect(port, '127.0.0.1');
  let answer = '';
  kept.on('data', (chunk) => (answer += String(chunk)));
  kept.write(REQUEST);
  while (!answer.endsWith('{"status":"ok"}')) await once(kept, 'data');
  t.regex(answer, /Connection: keep-alive/);
  answer = '';
  const stopped = broker.apis[0]?.stop(20_000);
  while (await somebodyListens(port)) await sleep(20);
  kept.write(REQUEST);
  await once(kept, 'close');
  t.regex(answer, /^HTTP\/1\.1 200 [^]*connection: close[^]*\{"status":"ok"\}$/i);
  await stopped;
  t.is((await broker.apis[0]?.exited)?.code, 0);
});

test('without a proxy it lets go of idle connections at once', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const idle = connect(portOf(broker.url), '127.0.0.1');
  idle.write(REQUEST);
  await once(idle, 'data');
  const started = performance.now();
  const ended = once(idle, 'close').then(() => performance.now() - started);
  await broker.apis[0]?.stop(20_000);
  idle.destroy();
  t.true((await ended) < 5000, 'sooner than a proxy would need');
});
