import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { BreakController } from '../../workers/break-signal.ts';
import type { StreamPart } from '../../workers/protocols/protocol.ts';
import { protocolOf } from '../../workers/protocols/registry.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { callOf, failing, faultOf, startCaller, until, STREAM_TYPE } from './endpoint-calls.ts';
import { modelNamed } from './protocols/any-model.ts';

const STREAM = [
  'event: progress\ndata: {"progress": 0.5, "message": "für €"}\n\n',
  ': keep-alive\n\n',
  'event: chunk\r\ndata: "🙂"\r\n\r\n',
  'event: output\ndata: {"pages": 5}\n\n',
].join('');
const PARTS = [
  { kind: 'progress', progress: 0.5, message: 'für €' },
  { kind: 'chunk', chunk: '🙂' },
];

test('a stream that comes byte by byte tells its parts in order, then its output', async (t) => {
  const server = await startReceiver(t, (response) => {
    response.writeHead(200, STREAM_TYPE);
    response.socket?.setNoDelay(true);
    void (async () => {
      for (const byte of Buffer.from(STREAM)) {
        response.write(Uint8Array.of(byte));
        await sleep(0);
      }
      response.end();
    })();
  });
  const parts: StreamPart[] = [];
  const onPart = (part: StreamPart) => void parts.push(part);
  t.deepEqual(await startCaller(t).call(callOf(server.url, { onPart })), { pages: 5 });
  t.deepEqual(parts, PARTS);
});

test('a completion stream ends in the body of a plain completion', async (t) => {
  const protocol = protocolOf('openai-completions');
  const server = await startReceiver(t, (response) => {
    response.writeHead(200, STREAM_TYPE);
    response.write('data: {"choices": [{"index": 0, "text": "Hal"}]}\n\n');
    response.write('data: {"choices": [{"index": 0, "text": "lo", "finish_reason": "stop"}]}\n\n');
    response.end('data: [DONE]\n\n');
  });
  const request = protocol.toRequest('Sag hallo', modelNamed('any'));
  const body = await startCaller(t).call(callOf(server.url, { protocol, request }));
  t.deepEqual(protocol.toOutput(body, 'x'), { text: 'Hallo', finish_reason: 'stop', usage: null });
});

test('a stream that ends before its end marker is model_unavailable', async (t) => {
  const { error } = await failing(t, (response) =>
    response.writeHead(200, STREAM_TYPE).end('event: chunk\ndata: 1\n\n'),
  );
  t.is(error.code, 'model_unavailable');
  t.regex(error.message, /broke off its stream/);
});

test('a stream whose connection is reset is model_unavailable', async (t) => {
  const { error } = await failing(t, (response) => {
    response
      .writeHead(200, STREAM_TYPE)
      .write('event: chunk\ndata: 1\n\n', () => response.socket?.resetAndDestroy());
  });
  t.is(error.code, 'model_unavailable');
});

test('an error in a stream is model_error with its message, and the connection is closed', async (t) => {
  const { error, server } = await failing(t, (response) => {
    response.writeHead(200, STREAM_TYPE).write('event: error\ndata: {"error": "out of memory"}\n\n');
  });
  t.is(error.code, 'model_error');
  t.regex(error.message, /out of memory/);
  t.true(await until(() => server.open() === 0));
});

test('a stream that is too large is result_too_large', async (t) => {
  const { error, server } = await failing(
    t,
    (response) => {
      response.writeHead(200, STREAM_TYPE);
      const writing = setInterval(() => response.write(': keep-alive\n\n'), 1);
      response.on('close', () => clearInterval(writing));
    },
    { maxBytes: 500 },
  );
  t.is(error.code, 'result_too_large');
  t.true(await until(() => server.open() === 0));
});

test('a stream that stays open after its end marker holds nobody', async (t) => {
  const server = await startReceiver(t, (response) => {
    response.writeHead(200, STREAM_TYPE).write('event: output\ndata: 1\n\n');
  });
  t.is(await startCaller(t).call(callOf(server.url, { timeoutMs: 10_000 })), 1);
  t.true(await until(() => server.open() === 0));
});

test('a stream for a protocol that has none is invalid_output', async (t) => {
  const protocol = protocolOf('open-inference-v2');
  const { error } = await failing(t, (response) => response.writeHead(200, STREAM_TYPE).end(STREAM), {
    protocol,
  });
  t.is(error.code, 'invalid_output');
});

test('what the receiver of parts throws ends the call as it is, and its connection', async (t) => {
  const server = await startReceiver(t, (response) => {
    response.writeHead(200, STREAM_TYPE).write('event: chunk\ndata: 1\n\n');
  });
  const thrown = new Error('no room for parts');
  const onPart = () => {
    throw thrown;
  };
  t.is(await t.throwsAsync(startCaller(t).call(callOf(server.url, { onPart }))), thrown);
  t.true(await until(() => server.open() === 0));
});

/** Streams chunks for as long as they are read; `sent` counts bytes. */
async function startFlood(t: ExecutionContext) {
  const flood = { sent: 0 };
  const chunks = 'event: chunk\ndata: 1\n\n'.repeat(1000);
  const server = await startReceiver(t, (response) => {
    response.writeHead(200, STREAM_TYPE);
    const write = (): void => {
      do flood.sent += chunks.length;
      while (response.write(chunks));
    };
    response.on('drain', write);
    write();
  });
  return { server, flood };
}

const never = (): Promise<void> => new Promise(() => undefined);

test('a stream whose parts nobody takes is not read on, and its call can be broken off all the same', async (t) => {
  const { server, flood } = await startFlood(t);
  const breakOff = new BreakController();
  let told = 0;
  const onPart = (): Promise<void> => {
    told += 1;
    return never();
  };
  const { signal } = breakOff;
  const call = startCaller(t).call(callOf(server.url, { onPart, maxBytes: Infinity, signal }));
  t.true(await until(() => told > 0));
  // What the sockets hold is sent still.
  for (let before = 0; flood.sent > before; await sleep(200)) before = flood.sent;
  t.is(told, 1);
  const reason = new Error('abandoned');
  breakOff.abort(reason);
  t.is(await t.throwsAsync(call), reason);
  t.true(await until(() => server.open() === 0));
});

test('the time of a call goes on while nobody takes its parts', async (t) => {
  const { server } = await startFlood(t);
  const limits = { maxBytes: Infinity, timeoutMs: 300 };
  const call = startCaller(t).call(callOf(server.url, { onPart: never, ...limits }));
  t.is((await faultOf(t, call)).code, 'model_timeout');
  t.true(await until(() => server.open() === 0));
});

test('an event that is nested over 500 deep is invalid_output', async (t) => {
  const { error } = await failing(t, (response) =>
    response.writeHead(200, STREAM_TYPE).end(`event: output\ndata: ${'['.repeat(501)}${']'.repeat(501)}\n\n`),
  );
  t.is(error.code, 'invalid_output');
  t.regex(error.message, /nested deeper than 500 levels/);
});
