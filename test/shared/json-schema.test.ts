import test from 'ava';
import { compileForSender, compileSchema } from '../../shared/json-schema.ts';

test('a schema whose check would answer later is refused: nobody would wait for what it says', (t) => {
  t.throws(() => compileSchema({ $async: true, required: ['text'] }), { message: /\$async/ });
  const late = { $id: 'urn:late', $async: true, type: 'object', properties: { text: { $ref: '#' } } };
  t.throws(() => compileSchema({ $defs: { late }, $ref: 'urn:late' }));
  t.is(compileSchema({ required: ['text'] })({}).length, 1);
});

test('whoever sends a small value is told all that is wrong with it', (t) => {
  const properties = { text: { type: 'string' }, count: { type: 'integer', default: 1 } };
  const check = compileForSender({
    type: 'object',
    required: ['text'],
    properties,
    additionalProperties: false,
  });
  t.deepEqual(check({ text: 1, count: 'two', color: 'red' }), [
    { pointer: '/color', detail: 'is not a known property' },
    { pointer: '/text', detail: 'must be string' },
    { pointer: '/count', detail: 'must be integer' },
  ]);
  const value = { text: 'x' };
  t.deepEqual(check(value), []);
  t.like(value, { text: 'x', count: 1 });
});

test('what would take long to tell is told in part', (t) => {
  const numbers = compileForSender({ type: 'array', items: { type: 'number' } });
  t.is(numbers(Array(50).fill('x')).length, 20);
  t.is(numbers(Array(100_000).fill('x')).length, 1);

  // Each depth has two ways to be wrong.
  const inner = { type: 'object', required: ['name'], properties: { a: { $ref: '#' } } };
  const nested = compileForSender({ anyOf: [inner, { ...inner, required: ['title'] }] });
  const deep: { a?: object } = {};
  for (let depth = 0, at: { a?: object } = deep; depth < 60; depth++) at = at.a = {};
  const begun = performance.now();
  t.true(nested(deep).length > 0);
  t.true(performance.now() - begun < 1000);
});
