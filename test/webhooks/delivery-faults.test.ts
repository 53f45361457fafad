import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Lookup } from '../../workers/webhooks/connection.ts';
import { createWebhookSender, type WebhookSender } from '../../workers/webhooks/delivery.ts';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';
import { startReceiver, startSocketReceiver, unusedPort, type Receiver } from './receiver.ts';

const guard = createAddressGuard({ allow: ['127.0.0.1'] });
const anyUrl = { ...guard, checkUrl: () => undefined };
const message = { id: 'whd_1', body: '{}', secrets: ['whsec_c2VjcmV0'] };
const TIMEOUT_MS = 1500;

function startSender(t: ExecutionContext): WebhookSender {
  const sender = createWebhookSender({ guard, version: '1', timeoutMs: TIMEOUT_MS });
  t.teardown(() => sender.close());
  return sender;
}

/** The receiver sees the socket's end a moment after the sender let go of it. */
async function allClosed(receiver: Receiver): Promise<boolean> {
  for (let waited = 0; waited < 2000 && receiver.open() > 0; waited += 10) await sleep(10);
  return receiver.open() === 0;
}

/** Loosely, for busy machines: whoever waits for a dripping receiver takes 16 s and more. */
function inTime(duration: number): boolean {
  return duration >= TIMEOUT_MS - 5 && duration < 10_000;
}

test('a receiver that takes the connection and never answers is given up in time', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) => socket.resume());
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.like(attempt, { outcome: 'failed', error: 'No answer came within 1.5 s.' });
  t.is(attempt.status, undefined);
  t.true(inTime(attempt.duration_ms), String(attempt.duration_ms));
  t.true(await allClosed(receiver));
});

test('a receiver that drips its headers byte by byte is given up in time', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) =>
    drip(socket, `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(100)}`),
  );
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.like(attempt, { outcome: 'failed', error: 'No answer came within 1.5 s.' });
  t.true(inTime(attempt.duration_ms), String(attempt.duration_ms));
  t.true(await allClosed(receiver));
});

test('a receiver that says 200 and drips the body has taken the delivery, and is cut off in time', async (t) => {
  const receiver = await startReceiver(t, (response) => {
    response.writeHead(200);
    drip(response, 'x'.repeat(1000));
  });
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.like(attempt, { outcome: 'delivered', status: 200 });
  t.true(inTime(attempt.duration_ms), String(attempt.duration_ms));
  t.true(await allClosed(receiver));
});

test('a receiver that says 500 and drips the body has failed with what it said so far', async (t) => {
  const receiver = await startReceiver(t, (response) => {
    response.writeHead(500);
    drip(response, 'x'.repeat(1000));
  });
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.like(attempt, { outcome: 'failed', status: 500 });
  t.regex(attempt.error ?? '', /^The receiver answered 500: x+$/);
  t.true(await allClosed(receiver));
});

test('an endless body is not read to the end', async (t) => {
  const receiver = await startReceiver(t, (response) => {
    response.writeHead(200);
    const flood = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384)));
    };
    response.on('drain', flood);
    flood();
  });
  const sender = createWebhookSender({ guard, version: '1', timeoutMs: 20_000 });
  t.teardown(() => sender.close());
  const attempt = await sender.send({ ...message, url: receiver.url });
  t.is(attempt.outcome, 'delivered');
  t.true(attempt.duration_ms < 10_000, String(attempt.duration_ms));
  t.true(await allClosed(receiver));
});

test('a reset instead of an answer is a failure', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) =>
    socket.once('data', () => socket.resetAndDestroy()),
  );
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.is(attempt.outcome, 'failed');
  t.regex(attempt.error ?? '', /^The connection broke before an answer came \(\w+\)\.$/);
  t.is(receiver.connections(), 1);
});

test('a connection closed without an answer is a failure', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) => socket.once('data', () => socket.end()));
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.regex(attempt.error ?? '', /^The connection broke before an answer came/);
});

test('a reset in the middle of a 200 leaves the delivery delivered', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok');
      setTimeout(() => socket.resetAndDestroy(), 50);
    }),
  );
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.like(attempt, { outcome: 'delivered', status: 200 });
});

test('a port on which nobody listens is a failure that names no address', async (t) => {
  const attempt = await startSender(t).send({ ...message, url: `http://127.0.0.1:${await unusedPort()}/` });
  t.like(attempt, { outcome: 'failed', error: 'The connection was refused (ECONNREFUSED).' });
});

test('an answer that is not HTTP is a failure', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) =>
    socket.once('data', () => socket.end('SSH-2.0-x\r\n')),
  );
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.is(attempt.outcome, 'failed');
  t.regex(attempt.error ?? '', /^The answer is not HTTP \(\w+\)\.$/);
});

test('an answer whose headers never end is a failure', async (t) => {
  const receiver = await startSocketReceiver(t, (socket) =>
    socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}`)),
  );
  const attempt = await startSender(t).send({ ...message, url: receiver.url });
  t.like(attempt, {
    outcome: 'failed',
    error: 'The headers of the answer are too large (UND_ERR_HEADERS_OVERFLOW).',
  });
  t.true(await allClosed(receiver));
});

test('a resolver that never answers is given up in time, and closing does not wait for it', async (t) => {
  const sender = createWebhookSender({ guard, version: '1', lookup: neverAnswers, timeoutMs: TIMEOUT_MS });
  const attempt = await sender.send({ ...message, url: 'https://hooks.example.org/' });
  t.like(attempt, { outcome: 'failed', error: 'No answer came within 1.5 s.' });
  const before = performance.now();
  await sender.close();
  t.true(performance.now() - before < 1000);
});

test('an attempt given up while its name is resolved is not made later', async (t) => {
  const receiver = await startReceiver(t, (response) => response.end());
  const lookup: Lookup = async () => {
    await sleep(TIMEOUT_MS + 200);
    return [{ address: '127.0.0.1', family: 4 }];
  };
  const sender = createWebhookSender({ guard: anyUrl, version: '1', lookup, timeoutMs: TIMEOUT_MS });
  t.teardown(() => sender.close());
  const attempt = await sender.send({ ...message, url: `http://hooks.example.org:${receiver.port}/` });
  t.is(attempt.outcome, 'failed');
  await sleep(700);
  t.is(receiver.received.length, 0);
});

test('hanging receivers do not hold up others', async (t) => {
  const hanging = await startSocketReceiver(t, (socket) => socket.resume());
  const healthy = await startReceiver(t, (response) => response.end());
  const sender = startSender(t);
  const stuck = Array.from({ length: 50 }, () => sender.send({ ...message, url: hanging.url }));
  const attempt = await sender.send({ ...message, url: healthy.url });
  t.is(attempt.outcome, 'delivered');
  t.true((await Promise.all(stuck)).every(({ outcome }) => outcome === 'failed'));
  t.true(await allClosed(hanging));
});

test('once closed, no connection is left open', async (t) => {
  const receiver = await startReceiver(t, (response) => response.end());
  const sender = startSender(t);
  await Promise.all(Array.from({ length: 10 }, () => sender.send({ ...message, url: receiver.url })));
  t.true(receiver.open() > 0);
  await sender.close();
  t.true(await allClosed(receiver));
});

function neverAnswers(): Promise<never> {
  return new Promise(() => {});
}

interface Sink {
  readonly destroyed: boolean;
  write(text: string): unknown;
}

/** One byte every 20 ms, until the sender hangs up. */
function drip(sink: Sink, text: string): void {
  let index = 0;
  const timer = setInterval(() => {
    if (sink.destroyed || index === text.length) clearInterval(timer);
    else sink.write(text.charAt(index++));
  }, 20);
}
