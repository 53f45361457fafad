import test from 'ava';
import * as fc from 'fast-check';
import { InferqError } from '../../../shared/errors.ts';
import { PROTOCOLS } from '../../../shared/model.ts';
import type { StreamPart, StreamReader } from '../../../workers/protocols/protocol.ts';
import { protocolOf } from '../../../workers/protocols/registry.ts';
import { modelNamed } from './any-model.ts';
import { EXAMPLES } from './examples/all.ts';

const model = modelNamed('demo');

/** The result, or the code of the error; whatever is no InferqError is a crash. */
function outcomeOf(attempt: () => unknown): { code: string; message: string } | { value: unknown } {
  try {
    return { value: attempt() };
  } catch (error) {
    if (!(error instanceof InferqError)) throw error;
    return { code: error.code, message: error.message };
  }
}

for (const name of PROTOCOLS) {
  const protocol = protocolOf(name);
  const { input, request, answer, output, refusal, stream } = EXAMPLES[name];

  test(`${name}: the documented request is sent, as JSON`, (t) => {
    const { headers, body } = protocol.toRequest(input, model);
    t.is(headers['content-type'], 'application/json');
    t.regex(headers['accept'] ?? '', /application\/json/);
    t.deepEqual(
      Object.keys(headers),
      Object.keys(headers).map((header) => header.toLowerCase()),
    );
    t.deepEqual(body, request);
    t.deepEqual(JSON.parse(JSON.stringify(body)), request);
  });

  test(`${name}: what it is given is not changed`, (t) => {
    const [inputBefore, answerBefore, modelBefore] = structuredClone([input, answer, model]);
    protocol.toRequest(input, model);
    protocol.toOutput(answer, input);
    protocol.errorMessage(refusal.body);
    t.deepEqual([input, answer, model], [inputBefore, answerBefore, modelBefore]);
  });

  test(`${name}: the documented answer becomes the output`, (t) => {
    t.is(protocol.faultIn?.(200, answer), undefined);
    t.deepEqual(protocol.toOutput(answer, input), output);
  });

  test(`${name}: the documented error is quoted`, (t) => {
    t.is(protocol.errorMessage(refusal.body), refusal.message);
  });

  test(`${name}: an answer may be anything, and is an output or invalid_output, never a crash`, (t) => {
    t.notThrows(() =>
      fc.assert(
        fc.property(fc.jsonValue(), fc.integer({ min: 200, max: 599 }), (body, status) => {
          const outcome = outcomeOf(() => protocol.toOutput(body, input));
          if ('code' in outcome) t.is(outcome.code, 'invalid_output');
          const message = protocol.errorMessage(body);
          if (message !== undefined) t.is(typeof message, 'string');
          protocol.faultIn?.(status, body);
        }),
      ),
    );
  });

  test(`${name}: an answer that is nearly right is an output or invalid_output, never a crash`, (t) => {
    t.notThrows(() =>
      fc.assert(
        fc.property(damaged(answer), (body) => {
          const outcome = outcomeOf(() => protocol.toOutput(body, input));
          if ('code' in outcome) t.is(outcome.code, 'invalid_output');
          protocol.faultIn?.(200, body);
        }),
      ),
    );
  });

  test(`${name}: an input may be anything, and is a request or invalid_input with a pointer`, (t) => {
    t.notThrows(() =>
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), damaged(input)), (value) => {
          try {
            protocol.toRequest(value, model);
          } catch (error) {
            if (!(error instanceof InferqError)) throw error;
            t.is(error.code, 'invalid_input');
            t.is(typeof error.errors?.[0]?.pointer, 'string');
          }
        }),
      ),
    );
  });

  if (!stream || !('stream' in protocol)) {
    test(`${name}: streams if and only if an example shows how`, (t) => {
      t.is(stream, undefined);
      t.false('stream' in protocol);
    });
    continue;
  }
  test(`${name}: the documented stream gives its chunks, and ends in the output of the plain answer`, (t) => {
    const { parts, body } = readAll(protocol.stream?.(), stream.events);
    const chunks = parts.flatMap((part) => (part.kind === 'chunk' ? [part.chunk] : []));
    t.deepEqual(chunks, stream.chunks);
    t.deepEqual(parts.at(-1), { kind: 'done' });
    t.deepEqual(protocol.toOutput(body, input), stream.output ?? output);
  });

  test(`${name}: a stream may carry anything, and is read or an error with a code, never a crash`, (t) => {
    const names = fc.oneof(fc.constantFrom(...stream.events.map(([event]) => event)), fc.string());
    const data = fc.oneof(fc.string(), fc.json(), ...stream.events.map(([, text]) => damagedText(text)));
    t.notThrows(() =>
      fc.assert(
        fc.property(fc.array(fc.tuple(names, data), { maxLength: 6 }), (events) => {
          const outcome = outcomeOf(() => readAll(protocol.stream?.(), events));
          if ('code' in outcome) t.regex(outcome.code, /^(invalid_output|model_error|model_unavailable)$/);
        }),
      ),
    );
  });
}

function readAll(
  reader: StreamReader | undefined,
  events: readonly [event: string, data: string][],
): { parts: StreamPart[]; body: unknown } {
  if (!reader) throw new TypeError('The protocol has no stream.');
  const parts = events.flatMap(([event, data]) => reader.read({ event, data }));
  return { parts, body: reader.body() };
}

/** The value with something else in the place of one of its parts. */
function damaged(value: unknown): fc.Arbitrary<unknown> {
  const paths = pathsIn(value);
  return fc
    .tuple(fc.constantFrom(...paths), fc.jsonValue())
    .map(([path, other]) => replaced(value, path, other));
}

function damagedText(data: string): fc.Arbitrary<string> {
  return data.startsWith('{')
    ? damaged(JSON.parse(data)).map((value) => JSON.stringify(value))
    : fc.constant(data);
}

function pathsIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, item]) => pathsIn(item).map((path) => [key, ...path]))];
}

function replaced(value: unknown, [key, ...path]: string[], other: unknown): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return other;
  const item = replaced(Reflect.get(value, key), path, other);
  if (Array.isArray(value)) return value.with(Number(key), item);
  return { ...value, [key]: item };
}
