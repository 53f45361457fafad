import test from 'ava';
import { InferqError } from '../../shared/errors.ts';
import { serverSentEvents, type ServerSentEvent } from '../../workers/server-sent-events.ts';

const STREAM =
  ': hello\r\nevent: progress\ndata: {"text": "für 10 € 🙂"}\nid: 7\n\ndata: one\rdata: two\r\rdata: last\n\n';
const EVENTS: ServerSentEvent[] = [
  { event: 'progress', data: '{"text": "für 10 € 🙂"}', id: '7' },
  { event: 'message', data: 'one\ntwo' },
  { event: 'message', data: 'last' },
];

async function* pieces(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function* forever(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.from(':\n');
}

async function collect(bytes: AsyncIterable<Uint8Array>, maxBytes = 1000): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(bytes, { maxBytes })) events.push(event);
  return events;
}

test('events, comments, line ends of all kinds and lines that belong together are read', async (t) => {
  t.deepEqual(await collect(pieces(Buffer.from(STREAM))), EVENTS);
});

test('wherever the stream is cut in two, inside of a character too, the events are the same', async (t) => {
  const bytes = Buffer.from(STREAM);
  for (let cut = 0; cut <= bytes.length; cut++) {
    t.deepEqual(await collect(pieces(bytes.subarray(0, cut), bytes.subarray(cut))), EVENTS, `cut at ${cut}`);
  }
});

test('a stream that comes byte by byte gives the same events', async (t) => {
  t.deepEqual(await collect(pieces(...[...Buffer.from(STREAM)].map((byte) => Uint8Array.of(byte)))), EVENTS);
});

test('an event without its blank line is dropped', async (t) => {
  t.deepEqual(await collect(pieces(Buffer.from('data: whole\n\ndata: half\n'))), [
    { event: 'message', data: 'whole' },
  ]);
});

test('a stream of exactly the limit is read, one byte more is result_too_large', async (t) => {
  const bytes = Buffer.from(STREAM);
  t.is((await collect(pieces(bytes), bytes.length)).length, 3);
  const error = await t.throwsAsync(collect(pieces(bytes), bytes.length - 1), { instanceOf: InferqError });
  t.is(error?.code, 'result_too_large');
});

test('comments count towards the limit, so that no one can send them for ever', async (t) => {
  await t.throwsAsync(collect(forever()), { instanceOf: InferqError });
});

test('leaving the loop ends the source', async (t) => {
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from('data: x\n\n');
    } finally {
      ended = true;
    }
  }
  for await (const event of serverSentEvents(source(), { maxBytes: 1000 })) {
    t.is(event.data, 'x');
    break;
  }
  t.true(ended);
});
