import test from 'ava';
import * as fc from 'fast-check';
import { noteNumbers, stringifyExactly, type ExactNumbers } from '../../shared/exact-numbers.ts';

function roundTrip(text: string): string {
  const exact: ExactNumbers = new Map();
  noteNumbers(text, exact);
  return stringifyExactly(JSON.parse(text), exact);
}

test('integers of any size come back as they were written', (t) => {
  const integer = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(integer), (integers) => {
        const doubles = new Set(integers.map(Number));
        // Two that are one double are another test's.
        fc.pre(doubles.size === new Set(integers).size);
        t.is(roundTrip(`{"a":[${integers.join()}]}`), `{"a":[${integers.join()}]}`);
      }),
    ),
  );
});

for (const text of [
  '18446744073709551615',
  '[-9007199254740993]',
  '{"a":[1,1152921504606846976]}',
  '1e21',
  '[1e400,-2.5E+999,1e-400]',
  `[${'1'.repeat(400)}.5]`,
])
  test(`${text.slice(0, 40)} comes back as it was written`, (t) => {
    t.is(roundTrip(text), text.replace('1e21', '1e+21').replace('1e-400', '0'));
  });

test('a number of millions of digits comes back as it was written', (t) => {
  const digits = '1'.repeat(7_000_000);
  t.true(roundTrip(`[${digits}]`) === `[${digits}]`);
  t.is(roundTrip(`[${digits}e-7000000]`), '[0.1111111111111111]');
});

test('nothing else is touched', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        t.is(roundTrip(JSON.stringify(value)), JSON.stringify(JSON.parse(JSON.stringify(value))));
      }),
    ),
  );
  t.is(
    roundTrip('{"a":"id 9007199254740993 ","b":0.12345678901234566}'),
    '{"a":"id 9007199254740993 ","b":0.12345678901234566}',
  );
});

test('two numbers that are one double are told, and named', (t) => {
  t.throws(() => roundTrip('[1e400, 1e500]'), { instanceOf: RangeError, message: /1e400 and 1e500/ });
  t.throws(() => roundTrip('[9007199254740993, 9007199254740992]'), {
    instanceOf: RangeError,
    message: /9007199254740993 and 9007199254740992/,
  });
  t.throws(() => roundTrip(`[${'1'.repeat(400)}, ${'2'.repeat(400)}]`), {
    message: /^1{40}… and 2{40}… are/,
  });
  t.is(roundTrip('[9007199254740993, 9007199254740993]'), '[9007199254740993,9007199254740993]');
});
