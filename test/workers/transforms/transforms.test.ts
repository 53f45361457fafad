import { getEventListeners } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import {
  createTransforms,
  type Transforms,
  type TransformsOptions,
} from '../../../workers/transforms/transforms.ts';

const shared = createTransforms();
test.after.always(() => shared.close());

/** Ones that no other test shares. */
function start(t: ExecutionContext, options: TransformsOptions = {}): Transforms {
  const transforms = createTransforms(options);
  t.teardown(() => transforms.close());
  return transforms;
}

async function faultOf(t: ExecutionContext, result: Promise<unknown>): Promise<InferqError> {
  const error = await t.throwsAsync(result, { instanceOf: InferqError });
  if (!error) throw new Error('The transform succeeded.');
  return error;
}

const LANGUAGE_ANSWER = {
  model_name: 'language-id',
  outputs: [
    { name: 'language', shape: [1], datatype: 'BYTES', data: ['de'] },
    { name: 'confidence', shape: [1], datatype: 'FP32', data: [0.99] },
  ],
};

test('the two transforms of the contract do what it says', async (t) => {
  const preprocess = '{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}]}';
  t.deepEqual(await shared.run('preprocess', preprocess, { text: 'Guten Morgen' }), {
    inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['Guten Morgen'] }],
  });
  const postprocess = 'outputs[name="language"].{"language": data[0]}';
  t.deepEqual(await shared.run('postprocess', postprocess, LANGUAGE_ANSWER), { language: 'de' });
});

const values: [expression: string, input: unknown, value: unknown][] = [
  ['$', 'bare', 'bare'],
  ['$', null, null],
  ['$', [], []],
  ['a.b', { a: [{ b: 1 }, { b: [2, 3] }] }, [1, 2, 3]],
  ['a.b[]', { a: { b: 1 } }, [1]],
  ['[1..3]', {}, [1, 2, 3]],
  ['false', {}, false],
  ['{"x": missing, "y": [missing]}', {}, { y: [] }],
  ['$', { text: 'für\n"10 €" \u2028 🙂 \\' }, { text: 'für\n"10 €" \u2028 🙂 \\' }],
  ['$reduce([1..100], function($a, $b){$a + $b})', {}, 5050],
  ['($f := function($n){$n < 2 ? 1 : $n * $f($n - 1)}; $f(20))', {}, 2432902008176640000],
  ['$match(a, /(\\d+)-(\\d+)/).groups', { a: '10-20' }, ['10', '20']],
];
for (const [expression, input, value] of values) {
  test(`${expression} of ${JSON.stringify(input)} is ${JSON.stringify(value)}`, async (t) => {
    t.deepEqual(await shared.run('preprocess', expression, input), value);
  });
}

const faults: [expression: string, message: RegExp][] = [
  [
    '$nope(a)',
    /^The preprocess transform failed: Attempted to invoke a non-function, at character 6 \("nope"\)\.$/,
  ],
  ['a + "x"', /must evaluate to a number, at character 3 \("\+"\)/],
  ['$error("no text given")', /failed: no text given/],
  ['a[', /^The preprocess transform failed: Expected "\]" before end of expression, at character 2\.$/],
  ['missing', /yields nothing for this input/],
  ['function($x){$x}', /yields a function/],
  ['$sum', /yields a function/],
  ['{"a": [1, $sum]}', /yields a function/],
  ['/a+/', /yields a function/],
];
for (const [expression, message] of faults) {
  test(`${expression} fails with ${message.source}`, async (t) => {
    const error = await faultOf(t, shared.run('preprocess', expression, { a: 1 }));
    t.is(error.code, 'transform_failed');
    t.false(error.retryable);
    t.regex(error.message, message);
  });
}

test('the error says which transform failed', async (t) => {
  const error = await faultOf(t, shared.run('postprocess', 'missing', {}));
  t.true(error.message.startsWith('The postprocess transform failed: '));
});

test('a message that quotes a long value is cut', async (t) => {
  const error = await faultOf(t, shared.run('preprocess', '$number(a)', { a: 'x'.repeat(10_000) }));
  t.true(error.message.length < 500);
});

test('a result of exactly the limit comes back, one character more is refused', async (t) => {
  const transforms = start(t, { maxCharacters: 12 });
  t.is(await transforms.run('preprocess', 'a', { a: '0123456789' }), '0123456789');
  const error = await faultOf(t, transforms.run('preprocess', 'a', { a: '0123456789x' }));
  t.regex(error.message, /more than 12 characters/);
});

test('a result that is nested 500 deep comes back, one level more is refused', async (t) => {
  const nest = '($nest := function($x, $n) { $n = 0 ? $x : $nest({"a": $x}, $n - 1) }; $nest(1, n))';
  t.is(JSON.stringify(await shared.run('postprocess', nest, { n: 500 })).length, 500 * 6 + 1);
  const error = await faultOf(t, shared.run('postprocess', nest, { n: 501 }));
  t.regex(error.message, /nested deeper than 500 levels/);
});

test('a thousand at once get each their own answer', async (t) => {
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  const results = await Promise.all(numbers.map((n) => shared.run('preprocess', `a + ${n % 7}`, { a: n })));
  t.deepEqual(
    results,
    numbers.map((n) => n + (n % 7)),
  );
});

test('a megabyte goes in and comes back', async (t) => {
  const input = {
    rows: Array.from({ length: 20_000 }, (_, index) => ({ index, text: `row ${index} für €` })),
  };
  t.deepEqual(await start(t, { timeMs: 5000 }).run('preprocess', '$', input), input);
});

test('more expressions than are kept compiled still give their values', async (t) => {
  const transforms = start(t);
  for (const n of [1, 2, 3, 4, 5, 6, 1, 2])
    t.is(await transforms.run('preprocess', padded(n), { a: 1 }), n + 1);
});

test('a signal that is aborted before or while it runs rejects with its reason and keeps no listener', async (t) => {
  const transforms = start(t);
  const reason = new Error('canceled');
  t.is(await t.throwsAsync(transforms.run('preprocess', 'a', {}, AbortSignal.abort(reason))), reason);
  const canceling = new AbortController();
  const running = transforms.run('preprocess', '($f := function($x){$f($x)}; $f(1))', {}, canceling.signal);
  canceling.abort('draining');
  t.is(await running.catch((thrown: unknown) => thrown), 'draining');
  t.is(getEventListeners(canceling.signal, 'abort').length, 0);
  const { signal } = new AbortController();
  t.is(await transforms.run('preprocess', 'a', { a: 1 }, signal), 1);
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('closing fails what runs with shutting_down, and so does a start after it', async (t) => {
  const transforms = start(t);
  const running = faultOf(t, transforms.run('preprocess', '($f := function($x){$f($x)}; $f(1))', {}));
  await transforms.close();
  t.is((await running).code, 'shutting_down');
  t.is((await faultOf(t, transforms.run('preprocess', 'a', { a: 1 }))).code, 'shutting_down');
});

/** A different expression for each number, of nearly the greatest length. */
function padded(n: number): string {
  return `a + ${n} /* ${'x'.repeat(60_000)} */`;
}
