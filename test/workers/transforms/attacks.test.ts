import test, { type ExecutionContext } from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { createTransforms, type Transforms } from '../../../workers/transforms/transforms.ts';

/** The limit is 100 ms of CPU time; this leaves room for a machine that is busy with other tests. */
const STOPPED_MS = 2000;
const INPUT = { a: `${'a'.repeat(40)}!`, n: 1 };

function start(t: ExecutionContext): Transforms {
  const transforms = createTransforms();
  t.teardown(() => transforms.close());
  return transforms;
}

async function faultOf(t: ExecutionContext, result: Promise<unknown>): Promise<InferqError> {
  const error = await t.throwsAsync(result, { instanceOf: InferqError });
  if (!error) throw new Error('The attack succeeded.');
  return error;
}

const attacks: [what: string, expression: string][] = [
  ['tail recursion without an end', '($f := function($x){$f($x)}; $f(1))'],
  ['recursion without an end', '($f := function($x){1 + $f($x)}; $f(1))'],
  ['a map over ten million', '[1..1e7].($ * 2)'],
  ['a fold over ten million', '$reduce([1..1e7], function($a, $b){$a + $b})'],
  ['a regular expression that backtracks', '$match(a, /^(a+)+$/)'],
  ['a regular expression that backtracks with a back reference', '$match(a, /^(a+)\\1+(a*)*$/)'],
  ['a list that doubles', '($f := function($l){$f($append($l, $l))}; $f([1]))'],
  ['a list that nests', '($f := function($l){$f([$l, 1])}; $f([1]))'],
  ['a text of half a gigabyte', '$pad("x", 500000000)'],
  ['the letters of a tenth of a gigabyte', '$split($pad("x", 100000000), "")'],
  ['one allocation beyond the memory', '$base64encode($pad("x", 400000000))'],
  [
    'a result that shares its parts two to the thirtieth times',
    `($l := 1; ${'$l := {"a": $l, "b": $l}; '.repeat(30)}$l)`,
  ],
];
for (const [what, expression] of attacks) {
  test.serial(`${what} is stopped, its neighbours succeed, and so does what comes after`, async (t) => {
    const transforms = start(t);
    await transforms.run('preprocess', 'n', INPUT);
    const before = Array.from({ length: 5 }, (_, n) => transforms.run('preprocess', `n + ${n}`, INPUT));
    const begun = performance.now();
    const attack = faultOf(t, transforms.run('preprocess', expression, INPUT));
    const after = Array.from({ length: 5 }, (_, n) => transforms.run('preprocess', `n + ${n}`, INPUT));
    const error = await attack;
    const stoppedAfter = performance.now() - begun;
    t.is(error.code, 'transform_failed', error.message);
    t.true(stoppedAfter < 2 * STOPPED_MS, `stopped after ${stoppedAfter} ms, twice: among others and alone`);
    t.deepEqual(await Promise.all(before), [1, 2, 3, 4, 5]);
    t.deepEqual(await Promise.all(after), [1, 2, 3, 4, 5]);
    t.is(await transforms.run('preprocess', 'n', INPUT), 1);
  });
}

test.serial('an attack that runs alone is stopped at its limit', async (t) => {
  const transforms = start(t);
  await transforms.run('preprocess', 'n', INPUT);
  const begun = performance.now();
  const error = await faultOf(t, transforms.run('preprocess', '$match(a, /^(a+)+$/)', INPUT));
  const stoppedAfter = performance.now() - begun;
  t.regex(error.message, /^The preprocess transform was stopped: it took longer than 100 ms\. /);
  t.true(stoppedAfter >= 95 && stoppedAfter < STOPPED_MS, `${stoppedAfter} ms`);
});

test.serial('an attack that is repeated does not hold up the others again', async (t) => {
  const transforms = start(t);
  const attack = () => faultOf(t, transforms.run('preprocess', '$match(a, /^(a+)+$/)', INPUT));
  await attack();
  const repeated = Promise.all([attack(), attack(), attack(), attack(), attack()]);
  let during = 0;
  const watching = repeated.then(() => (during = Number.POSITIVE_INFINITY));
  for (let n = 0; n < 20; n++) {
    t.is(await transforms.run('preprocess', 'n', INPUT), 1);
    if (during !== Number.POSITIVE_INFINITY) during += 1;
  }
  t.is(during, 20);
  for (const error of await repeated) t.is(error.code, 'transform_failed');
  await watching;
});

test.serial('an expression that was stopped for one input still serves the next', async (t) => {
  const transforms = start(t);
  const expression = '$match(a, /^(a+)+$/).match';
  await faultOf(t, transforms.run('preprocess', expression, INPUT));
  t.is(await transforms.run('preprocess', expression, { a: 'aaa' }), 'aaa');
});

const reaches: string[] = [
  'constructor',
  '$.constructor',
  '$.constructor.constructor("return process")()',
  '"".constructor',
  '__proto__',
  '$.__proto__.polluted',
  '$lookup($, "constructor")',
  '$lookup($, "__proto__")',
  '$lookup($sum, "implementation")',
  '$sum.implementation',
  '(function($x){$x}).environment',
  '$keys($sum)',
  '$spread($sum)',
  '$each($sum, function($v, $k){$v})',
  '$sift($sum, function($v, $k){true})',
  '$eval("constructor")',
  '$merge([{"__proto__": {"polluted": 1}}])',
  '$ ~> |$|{"__proto__": {"polluted": 1}}|',
  '$ ~> |__proto__|{"polluted": 1}|',
  '$ ~> |constructor|{"prototype": {"polluted": 1}}|',
  '($f := function($a, $b){$a}; $f.constructor)',
  '$map([1], $sum.constructor)',
  '$.toString()',
  '$process',
  '$globalThis',
  '$require("fs")',
];
test.serial(
  'nothing that reaches for the process or a prototype gets more than data, or leaves a trace',
  async (t) => {
    const transforms = start(t);
    for (const expression of reaches) {
      const [result] = await Promise.allSettled([transforms.run('preprocess', expression, INPUT)]);
      if (result?.status === 'fulfilled') {
        t.false(
          /native code|execPath|environment|"implementation":/.test(JSON.stringify(result.value)),
          expression,
        );
      } else {
        t.is(result?.reason instanceof InferqError && result.reason.code, 'transform_failed', expression);
      }
      const trace = await faultOf(t, transforms.run('preprocess', 'n.polluted', { n: {} }));
      t.regex(trace.message, /yields nothing/, expression);
    }
  },
);
