import test from 'ava';
import * as fc from 'fast-check';
import { isNestedDeeper } from '../../shared/json-depth.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('a text is nested as deep as its value, whatever its strings hold', (t) => {
  const string = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', 'a') });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      string,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(string, tie('value'), { maxKeys: 3 }),
    ),
  }));
  t.notThrows(() =>
    fc.assert(
      fc.property(value, (found) => {
        const [text, depth] = [JSON.stringify(found), depthOf(found)];
        t.false(isNestedDeeper(text, depth), text);
        if (depth > 0) t.true(isNestedDeeper(text, depth - 1), text);
      }),
    ),
  );
});

for (const text of ['', '[[', ']]]][[', '"[[[', '"[[[\\"', '{"a'])
  test(`${text || 'no text'} is not nested deeper than two levels, though it is no JSON`, (t) => {
    t.false(isNestedDeeper(text, 2));
  });
