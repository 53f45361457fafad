import test from 'ava';
import { strangeKeywords } from '../../shared/models/schema-keywords.ts';

test('misspelt keywords are found wherever a schema stands, with what may be meant', (t) => {
  const input_schema = {
    type: 'object',
    requierd: ['text'],
    properties: { list: { minItem: 1 }, requierd: { anyOf: [{ type: 'string' }, { maxLenght: 3 }] } },
    items: { not: { patern: 'x' } },
    $defs: { 'a/b': { zzz: 1 } },
  };
  t.deepEqual(
    strangeKeywords({ input_schema, output_schema: { enums: [1] } }).map(({ pointer, detail }) => [
      pointer,
      /'(.+)'/.exec(detail)?.[1],
    ]),
    [
      ['/input_schema/requierd', 'required'],
      ['/input_schema/properties/list/minItem', 'minItems'],
      ['/input_schema/properties/requierd/anyOf/1/maxLenght', 'maxLength'],
      ['/input_schema/items/not/patern', 'pattern'],
      ['/input_schema/$defs/a~1b/zzz', undefined],
      ['/output_schema/enums', 'enum'],
    ],
  );
});

test('remarks, names of properties, and values that only look like schemas are no misspellings', (t) => {
  const input_schema = {
    'x-order': 1,
    example: { requierd: 1 },
    nullable: true,
    discriminator: {},
    properties: { requierd: { const: { minItem: 1 }, default: { minItem: 1 }, examples: [{ minItem: 1 }] } },
    additionalProperties: false,
    dependencies: { a: ['b'] },
  };
  t.deepEqual(strangeKeywords({ input_schema, output_schema: {} }), []);
});

test('a format that is none is told, with what may be meant', (t) => {
  const properties = { when: { format: 'datetime' }, where: { format: 'uri' }, format: { type: 'string' } };
  t.deepEqual(strangeKeywords({ input_schema: { properties }, output_schema: {} }), [
    {
      pointer: '/input_schema/properties/when/format',
      detail: `is "datetime", which is no format that is known, and checks nothing: did you mean 'date-time'?`,
    },
  ]);
});
