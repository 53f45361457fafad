import test from 'ava';
import { ModelSpec, PROTOCOLS } from '../../shared/model.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { blocksOf, namedRowsOf, namesUnder, readDocument, sectionOf } from './document.ts';

const document = readDocument('docs/models.md');
const spec: Schema = JSON.parse(JSON.stringify(ModelSpec));

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  default?: unknown;
}

test('the table has every field of a model and no other', (t) => {
  t.deepEqual(namesUnder(document, '## Fields'), [...fieldsOf(spec).keys()].sort());
});

test('the defaults are those of the code', (t) => {
  const rows = namedRowsOf(sectionOf(document, '## Fields'));
  for (const [field, { default: value }] of fieldsOf(spec)) {
    if (value === undefined) continue;
    t.is(rows.get(field)?.[1], `\`${JSON.stringify(value)}\``, field);
  }
});

test('every protocol is described', (t) => {
  for (const protocol of PROTOCOLS) t.true(document.includes(`\n### \`${protocol}\`\n`), protocol);
});

test('every example is a model file that is accepted', (t) => {
  const examples = blocksOf(document).filter(({ language }) => language === 'yaml');
  const env = { SENTIMENT_URL: 'http://127.0.0.1:9000', SENTIMENT_KEY: 'k' };
  t.true(examples.length >= 4);
  for (const { text } of examples) t.true(parseModelFile(text, 'docs/models.md', env).length > 0);
});

test('the smallest example has ten lines at most', (t) => {
  const [first] = blocksOf(document);
  t.true((first?.text.trimEnd().split('\n').length ?? 0) <= 10);
});

/** By path: `endpoints.url`, `cache.ttl`; those that only hold others are left out, but for lists. */
function fieldsOf(schema: Schema, prefix = ''): Map<string, Schema> {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]): [string, Schema][] => {
    const path = `${prefix}${name}`;
    if (field.items?.properties) return [[path, {}], ...fieldsOf(field.items, `${path}.`)];
    return field.properties ? [...fieldsOf(field, `${path}.`)] : [[path, field]];
  });
  return new Map(fields);
}
