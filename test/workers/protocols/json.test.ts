import test from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { json } from '../../../workers/protocols/json.ts';
import type { StreamPart } from '../../../workers/protocols/protocol.ts';
import { modelNamed } from './any-model.ts';

function readAll(events: [event: string, data: string][]): { parts: StreamPart[]; body: unknown } {
  const reader = json.stream?.();
  if (!reader) throw new Error('json can stream');
  const parts = events.flatMap(([event, data]) => reader.read({ event, data }));
  return { parts, body: reader.body() };
}

for (const input of [{ text: 'hello' }, ['a'], 'bare', 3, null]) {
  test(`the input ${JSON.stringify(input)} is the body`, (t) => {
    const { body, headers } = json.toRequest(input, modelNamed('any'));
    t.deepEqual(body, input);
    t.is(headers['accept'], 'application/json, text/event-stream');
  });
}

test("the answer's body is the output", (t) => {
  t.deepEqual(json.toOutput({ language: 'de' }, 'x'), { language: 'de' });
});

test('a stream tells progress and chunks, and its output event is the body', (t) => {
  const { parts, body } = readAll([
    ['progress', '{"progress": 0.4, "message": "page 2 of 5"}'],
    ['chunk', '{"page": 2}'],
    ['progress', '{"progress": 1}'],
    ['chunk', '"bare"'],
    ['output', '{"pages": 5}'],
  ]);
  t.deepEqual(parts, [
    { kind: 'progress', progress: 0.4, message: 'page 2 of 5' },
    { kind: 'chunk', chunk: { page: 2 } },
    { kind: 'progress', progress: 1 },
    { kind: 'chunk', chunk: 'bare' },
    { kind: 'done' },
  ]);
  t.deepEqual(body, { pages: 5 });
});

test('events of other names are ignored', (t) => {
  t.deepEqual(
    readAll([
      ['message', 'hello'],
      ['ping', ''],
    ]).parts,
    [],
  );
});

test('an error event is a model_error with its message', (t) => {
  const error = t.throws(() => readAll([['error', '{"error": "out of GPU memory"}']]), {
    instanceOf: InferqError,
  });
  t.is(error?.code, 'model_error');
  t.is(error?.message, 'out of GPU memory');
});

for (const [event, data] of [
  ['output', 'not json'],
  ['chunk', '{'],
  ['progress', '{"progress": "half"}'],
  ['progress', '{"progress": 40}'],
  ['progress', 'null'],
] as const) {
  test(`a ${event} event with the data ${data} is invalid_output and says which event`, (t) => {
    const error = t.throws(() => readAll([[event, data]]), { instanceOf: InferqError });
    t.is(error?.code, 'invalid_output');
    t.true(error?.message.includes(`"${event}"`));
  });
}

test('messages of refusals are found where servers put them', (t) => {
  t.is(json.errorMessage({ error: 'a' }), 'a');
  t.is(json.errorMessage({ error: { message: 'b' } }), 'b');
  t.is(json.errorMessage({ detail: 'c' }), 'c');
  t.is(json.errorMessage({ message: 'd' }), 'd');
  t.is(json.errorMessage({ detail: [{ msg: 'e' }] }), undefined);
});
