import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startReceiver, startSecureReceiver, startSocketReceiver, unusedPort } from '../webhooks/receiver.ts';
import { callOf, failing, faultOf, startCaller, until, JSON_TYPE, STREAM_TYPE } from './endpoint-calls.ts';

test('a connection that is refused is model_unavailable', async (t) => {
  const url = `http://127.0.0.1:${await unusedPort()}/infer`;
  const error = await faultOf(t, startCaller(t).call(callOf(url)));
  t.is(error.code, 'model_unavailable');
  t.true(error.message.includes(url));
  t.regex(error.message, /refused .*Check that it runs/);
});

test('a certificate that is not trusted is model_unavailable', async (t) => {
  const identity = { key: fixture('key.pem'), cert: fixture('certificate.pem') };
  const server = await startSecureReceiver(t, identity, (response) => response.end('1'));
  const error = await faultOf(t, startCaller(t).call(callOf(server.url)));
  t.is(error.code, 'model_unavailable');
  t.regex(error.message, /TLS/);
});

test('a connection that is reset before the answer is model_unavailable', async (t) => {
  const { error } = await failing(t, (response) => void response.socket?.resetAndDestroy());
  t.is(error.code, 'model_unavailable');
});

test('a body that breaks off is model_unavailable', async (t) => {
  const { error } = await failing(t, (response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': 100 });
    response.write('{"a"', () => response.destroy());
  });
  t.is(error.code, 'model_unavailable');
});

test('an answer that is not HTTP is model_unavailable', async (t) => {
  const server = await startSocketReceiver(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
  const error = await faultOf(t, startCaller(t).call(callOf(server.url)));
  t.is(error.code, 'model_unavailable');
  t.regex(error.message, /not HTTP/);
});

test('hints before the answer are passed over, a 100 Continue that nobody asked for is model_unavailable', async (t) => {
  const hinting = await startReceiver(t, (response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.writeHead(200, JSON_TYPE).end('1');
  });
  t.is(await startCaller(t).call(callOf(`http://127.0.0.1:${hinting.port}/`)), 1);
  const { error } = await failing(t, (response) => {
    response.writeContinue();
    response.writeHead(200, JSON_TYPE).end('1');
  });
  t.is(error.code, 'model_unavailable');
});

test('a server that never answers is model_timeout, and loses its connection', async (t) => {
  const begun = performance.now();
  const { error, server } = await failing(t, () => undefined, { timeoutMs: 200 });
  t.is(error.code, 'model_timeout');
  t.regex(error.message, /after 0\.2 s/);
  t.true(performance.now() - begun >= 195);
  t.true(await until(() => server.open() === 0));
});

test('a server that drips byte after byte is model_timeout all the same', async (t) => {
  const { error, server } = await failing(
    t,
    (response) => {
      response.writeHead(200, JSON_TYPE);
      const dripping = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(dripping));
    },
    { timeoutMs: 300 },
  );
  t.is(error.code, 'model_timeout');
  t.true(await until(() => server.open() === 0));
});

test('a host that takes the connection and says nothing is model_timeout before the connection stands', async (t) => {
  const server = await startSocketReceiver(t, () => undefined);
  const call = callOf(server.url.replace('http:', 'https:'), { timeoutMs: 200 });
  const begun = performance.now();
  t.is((await faultOf(t, startCaller(t, { connectTimeoutMs: 5000 }).call(call))).code, 'model_timeout');
  t.true(performance.now() - begun < 3000);
});

test('a call that is broken off before it began opens no connection', async (t) => {
  const server = await startReceiver(t, (response) => response.end('1'));
  const reason = new Error('canceled');
  const call = callOf(server.url, { signal: AbortSignal.abort(reason) });
  t.is(await t.throwsAsync(startCaller(t).call(call)), reason);
  t.is(server.connections(), 0);
});

test('a call that is broken off rejects with the reason, whatever it is, and the server sees its socket closed', async (t) => {
  for (const begin of ['', 'headers', 'body', 'stream']) {
    let closed = false;
    const server = await startReceiver(t, (response) => {
      response.on('close', () => (closed = true));
      if (begin === 'stream') response.writeHead(200, STREAM_TYPE).write('event: chunk\ndata: 1\n\n');
      else if (begin !== '') response.writeHead(200, JSON_TYPE).flushHeaders();
      if (begin === 'body') response.write('{"a": ');
    });
    const breaking = new AbortController();
    const running = startCaller(t).call(callOf(server.url, { signal: breaking.signal }));
    t.true(await until(() => server.received.length === 1));
    await sleep(50);
    breaking.abort('draining');
    t.is(await running.catch((thrown: unknown) => thrown), 'draining', begin);
    t.true(await until(() => closed && server.open() === 0, 3000), begin);
  }
});

test('no listener stays on the signal, however the call ends', async (t) => {
  const server = await startReceiver(t, (response, { path }) => {
    if (path === '/ok') response.end('1');
    if (path === '/bad') response.writeHead(500).end();
  });
  const { signal } = new AbortController();
  const caller = startCaller(t);
  const at = (path: string, timeoutMs = 20_000) =>
    caller.call(callOf(server.url.replace('/hook', path), { signal, timeoutMs }));
  const ends = await Promise.allSettled([at('/ok'), at('/bad'), at('/hangs', 300)]);
  t.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  );
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('closing breaks off what runs with shutting_down and leaves no connection', async (t) => {
  const server = await startReceiver(t, (response, { path }) => void (path === '/ok' && response.end('1')));
  const caller = startCaller(t);
  await caller.call(callOf(server.url.replace('/hook', '/ok')));
  const running = faultOf(t, caller.call(callOf(server.url)));
  t.true(await until(() => server.received.length === 2));
  await caller.close();
  t.is((await running).code, 'shutting_down');
  t.true(await until(() => server.open() === 0));
});

test('the origin longest unused is let go of when there are too many, and can be called again', async (t) => {
  const servers = await Promise.all([1, 2, 3].map(() => startReceiver(t, (response) => response.end('1'))));
  const caller = startCaller(t, { maxOrigins: 2 });
  for (const { url } of servers) await caller.call(callOf(url));
  // Sooner than an idle connection would be closed anyway.
  t.true(await until(() => servers[0]?.open() === 0, 2000));
  t.deepEqual(
    servers.slice(1).map((server) => server.open()),
    [1, 1],
  );
  t.is(await caller.call(callOf(servers[0]?.url ?? '')), 1);
});

function fixture(name: string): string {
  return readFileSync(new URL(`../webhooks/fixtures/${name}`, import.meta.url), 'utf8');
}
