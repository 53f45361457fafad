import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { compileForModel, compileForSender, compileSchema } from '../../shared/json-schema.ts';

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

const item = (n: number): object => ({ b: [n], a: { x: n } });

test('duplicates are found, whatever the items are and in whichever order their fields stand', (t) => {
  const check = compileSchema({ uniqueItems: true });
  t.deepEqual(check([1, '1', true, null, 'null', [1], ['1'], { a: 1 }, { a: '1' }, '{"a":1}']), []);
  for (const twice of [
    [1, 1],
    ['a', 'a'],
    [null, null],
    [[1], [1]],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
  ])
    t.deepEqual(check(twice), [{ pointer: '', detail: 'must NOT have duplicate items' }]);
  t.deepEqual(compileSchema({ uniqueItems: false })([1, 1]), []);
});

test('what strangers send is checked in a time that grows with its size alone', (t) => {
  const twice = { anyOf: [{ $ref: '#/$defs/node' }, { $ref: '#/$defs/node' }] };
  const node = { properties: { a: twice }, not: { const: 1 } };
  let deep: object = { a: 1 };
  for (let depth = 0; depth < 60; depth++) deep = { a: deep };
  const attacks: [object, unknown, number][] = [
    [{ uniqueItems: true }, Array.from({ length: 50_000 }, (_, n) => item(n)), 0],
    [{ format: 'url' }, `http://[${'1:'.repeat(500_000)}]`, 1],
    [{ $defs: { node }, $ref: '#/$defs/node' }, deep, 1],
  ];
  for (const [schema, value, faults] of attacks) {
    const check = compileForSender(schema);
    const { user } = process.cpuUsage();
    t.is(check(value).length, faults);
    t.true(process.cpuUsage().user - user < 1_000_000, JSON.stringify(schema));
  }
});

test('a schema that refers to itself is as good as another', (t) => {
  const list = { type: 'object', properties: { next: { $ref: '#' }, value: { type: 'number' } } };
  t.deepEqual(compileSchema(list)({ next: { next: { value: 1 } } }), []);
  t.like(compileSchema(list)({ next: { next: { value: 'one' } } }), [{ pointer: '/next/next/value' }]);
  const numbers = {
    $defs: { one: { type: 'number' }, of: { $ref: '#/$defs/one' } },
    items: { $ref: '#/$defs/of' },
  };
  t.deepEqual(compileSchema(numbers)(Array(300_000).fill(1)), []);
  t.throws(() => compileSchema({ $ref: '#' }), { message: /refers to itself without end/ });
});

test('what is nested too deep for the stack is a fault of the value', (t) => {
  let deep: unknown[] = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  t.deepEqual(compileSchema({ items: { $ref: '#' } })(deep), [
    { pointer: '', detail: 'is nested so deep that it cannot be checked against the schema' },
  ]);
});

test('defaults do not make a large value of a small one', (t) => {
  const properties = { a: { default: 'x'.repeat(100_000) } };
  const check = compileForModel({ items: { properties } });
  t.deepEqual(check([{}, {}, {}]), []);
  const empty = Array.from({ length: 350_000 }, () => ({}));
  t.deepEqual(check(empty), [
    { pointer: '', detail: 'has too many objects: the defaults of the schema could add more than 4 MiB' },
  ]);
  t.deepEqual(empty[0], {}, 'none was put in');
});

test('a large list of references is checked, however many kinds of items it may have', (t) => {
  const kinds = Array.from({ length: 24 }, (_, n) => `kind${n}`);
  const $defs = Object.fromEntries(kinds.map((kind) => [kind, { const: kind }]));
  const anyOf = kinds.map((kind) => ({ $ref: `#/$defs/${kind}` }));
  t.deepEqual(compileForModel({ $defs, items: { anyOf } })(Array(500).fill('kind23')), []);
  const number = { type: 'number' };
  t.deepEqual(
    compileForModel({ $defs: { number }, items: { $ref: '#/$defs/number' } })(Array(1_100_000).fill(1)),
    [],
  );
});

test('what was checked is not kept', async (t) => {
  const check = compileSchema({ $defs: { a: true }, $ref: '#/$defs/a' });
  const values = new FinalizationRegistry<string>((what) => gone.push(what));
  const gone: string[] = [];
  let value: object | undefined = { text: 'x'.repeat(1000) };
  values.register(value, 'value');
  check(value);
  value = undefined;
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  for (let tries = 0; gone.length === 0 && tries < 50; tries++) {
    if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
    await sleep(10);
  }
  t.deepEqual(gone, ['value']);
});
