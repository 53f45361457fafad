import test from 'ava';
import * as fc from 'fast-check';
import { parseExactJson as parseInTurns } from '../../api/http/exact-json.ts';
import { InferqError } from '../../shared/errors.ts';

const parseExactJson = (bytes: Buffer): Promise<unknown> => parseInTurns(bytes, (step) => step());

const REFUSED: [string, string | Buffer, string, RegExp][] = [
  ['an empty body', '', '', /empty/],
  ['a text that is not JSON', '{a:1}', '', /not JSON/],
  ['a text that breaks off', '{"a":', '', /not JSON/],
  ['a second value', '{} {}', '', /not JSON/],
  ['a comment', '{"a":1/*x*/}', '', /not JSON/],
  ['NaN', '{"a":NaN}', '', /not JSON/],
  ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), '', /not JSON/],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), '', /not JSON/],
  ['an overlong byte sequence', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), '', /UTF-8/],
  ['a lone continuation byte', Buffer.from([0x22, 0x80, 0x22]), '', /UTF-8/],
  ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), '', /UTF-8/],
  ['half of a surrogate pair in escapes', '{"a":["\\ud83d\\ude00","\\ud83d!"]}', '/a/1', /surrogate/],
  ['half of a surrogate pair in a key', '{"\\udfff":1}', '', /surrogate/],
  ['a key that stands twice', '{"a":{"b":1,"c":2,"b":3}}', '/a/b', /twice/],
  ['a key that stands twice in different spelling', '{"a":1,"\\u0061":2}', '/a', /twice/],
  ['__proto__', '{"a":[{"__proto__":{}}]}', '/a/0/__proto__', /__proto__/],
  ['__proto__ in escapes', '{"\\u005f_proto__":{}}', '/__proto__', /__proto__/],
  ['constructor.prototype', '{"constructor":{"prototype":{}}}', '/constructor/prototype', /prototype/],
  ['an integer that a double rounds', '{"n":9007199254740993}', '/n', /does not survive/],
  ['a negative integer that a double rounds', '[-9007199254740993]', '/0', /does not survive/],
  [
    'an integer that a double holds and JSON.stringify does not write',
    '[36028797018963968]',
    '/0',
    /would become 36028797018963970/,
  ],
  ['the least integer of 64 bits', '-9223372036854775808', '', /would become -9223372036854776000/],
  ['2^64', '{"n":18446744073709551616}', '/n', /would become 18446744073709552000/],
  ['such an integer with a point', '36028797018963968.0', '', /does not survive/],
  ['such an integer with an exponent', '3.6028797018963968e16', '', /does not survive/],
  ['a number that becomes infinite', '[1,1e999]', '/1', /does not survive/],
  ['a number that becomes zero', '1e-400', '', /does not survive/],
  ['more digits than a double has', '3.14159265358979323846', '', /does not survive/],
  ['nesting of 65 arrays', `${'['.repeat(65)}${']'.repeat(65)}`, '/0/0/0/0/0/0/0/0', /64/],
  ['nesting of 100,000 objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, '/a/a/a/a/a/a/a', /64/],
  ['a pointer with / and ~ in a key', '{"a/b~c":1,"a/b~c":2}', '/a~1b~0c', /twice/],
];

for (const [title, body, pointer, message] of REFUSED) {
  test(`${title} is refused, and where it stands is told`, async (t) => {
    const error = await t.throwsAsync(() => parseExactJson(Buffer.from(body)), {
      instanceOf: InferqError,
      message,
    });
    t.is(error?.code, 'invalid_json');
    if (pointer !== '') t.true(error?.errors?.[0]?.pointer.startsWith(pointer), error?.errors?.[0]?.pointer);
  });
}

const ACCEPTED = [
  '9007199254740992',
  '36028797018963970',
  '3.602879701896397e+16',
  '100000000000000000000',
  '1000000000000000000000000',
  '-0',
  '0.1',
  '1.0',
  '1E+2',
  '0.30000000000000004',
  '0.10000000000000001',
  '1e22',
  '5e-324',
  '1.7976931348623157e308',
  '0e999',
  `${'['.repeat(64)}${']'.repeat(64)}`,
  '{"constructor":1,"prototype":2}',
  '{"a":{"x":1},"b":{"x":1}}',
  '[{"a":1},{"a":2}]',
  '"\\\\"',
  '{"\\"":1,"\\\\":2}',
  ' \n\t"x" ',
];

for (const text of ACCEPTED) {
  test(`${text.slice(0, 40)} is read as JSON.parse reads it`, async (t) => {
    t.deepEqual(await parseExactJson(Buffer.from(text)), JSON.parse(text));
  });
}

test('whatever JSON.stringify writes is read back', async (t) => {
  const value = fc
    .jsonValue({ maxDepth: 20 })
    .filter((json) => !JSON.stringify(json).includes('"__proto__"'));
  await fc.assert(
    fc.asyncProperty(value, async (json) => {
      t.deepEqual(await parseExactJson(Buffer.from(JSON.stringify(json))), JSON.parse(JSON.stringify(json)));
    }),
    { numRuns: 2000 },
  );
});

test('whatever integer is read, JSON.stringify writes', async (t) => {
  const integer = fc.oneof(
    fc.bigInt({ min: -(2n ** 68n), max: 2n ** 68n }),
    fc
      .tuple(fc.bigInt(-100n, 100n), fc.integer({ min: 50, max: 62 }))
      .map(([times, bits]) => times * 2n ** BigInt(bits)),
  );
  await fc.assert(
    fc.asyncProperty(integer, async (wanted) => {
      const read = await parseExactJson(Buffer.from(String(wanted))).catch(() => undefined);
      if (read !== undefined) t.is(BigInt(JSON.stringify(read)), wanted);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('any bytes are read or refused as invalid_json, never anything else', async (t) => {
  const soup = fc.array(
    fc.constantFrom(...Array.from('{}[]",:0123456789.eE+-\\/u abtrfnl'), '"__proto__"', 'é'),
    {
      maxLength: 60,
    },
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    soup.map((parts) => Buffer.from(parts.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (body) => {
      try {
        await parseExactJson(body);
      } catch (error) {
        t.true(error instanceof InferqError && error.code === 'invalid_json', String(error));
      }
    }),
    { numRuns: 10_000 },
  );
  t.pass();
});

test('no step takes long for a megabyte of anything', async (t) => {
  const million = 1_000_000;
  const bodies = [
    `"${'\\\\'.repeat(million / 2)}"`,
    `"${'\\"'.repeat(million / 2)}"`,
    `[0.${'0'.repeat(million)}1]`,
    `[1.${'0'.repeat(million)}1]`,
    `[1${'0'.repeat(million)}1]`,
    `[1e${'0'.repeat(million)}1]`,
    `[${'1,'.repeat(million / 2)}1]`,
    JSON.stringify(Array.from({ length: 45_000 }, (_, id) => ({ id, text: 'abc' }))),
    '['.repeat(million),
    `{${Array.from({ length: 90_000 }, (_, at) => `"k${at}":1`).join(',')}}`,
  ];
  let longest = 0;
  const measured = <Result>(step: () => Result): Result => {
    const started = process.threadCpuUsage();
    try {
      return step();
    } finally {
      const { user, system } = process.threadCpuUsage(started);
      longest = Math.max(longest, (user + system) / 1000);
    }
  };
  for (const body of bodies) {
    await parseInTurns(Buffer.from(body), measured).catch((error: unknown) => {
      if (!(error instanceof InferqError)) throw error;
    });
  }
  t.log(`the longest step took ${longest.toFixed(1)} ms of CPU`);
  // What is quadratic takes seconds.
  t.true(longest > 0 && longest < 250);
});
