import test from 'ava';
import { ModelSpec, PROTOCOLS } from '../../shared/model.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { protocolOf } from '../../workers/protocols/registry.ts';
import { modelNamed } from '../workers/protocols/any-model.ts';
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

for (const protocol of PROTOCOLS) {
  if (protocol === 'json') continue;
  test(`the examples of ${protocol} are an input, an answer, and the output that it becomes`, (t) => {
    const examples = blocksOf(sectionOf(document, `### \`${protocol}\``))
      .filter(({ language }) => language === 'json')
      .map(({ text }): unknown => JSON.parse(text));
    const [input, answer, output = answer] = examples;
    t.notThrows(() => protocolOf(protocol).toRequest(input, modelNamed('demo')));
    t.deepEqual(protocolOf(protocol).toOutput(answer, input), output);
  });
}

test('the table has every protocol, and what each can do', (t) => {
  const rows = sectionOf(document, '## Protocols')
    .split('\n')
    .flatMap((line) => /^\| \[`([^`]+)`\].*\| (yes|no) +\| (yes|no) +\|$/.exec(line) ?? []);
  for (const [index, protocol] of PROTOCOLS.entries()) {
    const can = ['stream', 'batch'].map((ability) => (ability in protocolOf(protocol) ? 'yes' : 'no'));
    t.deepEqual(rows.slice(index * 4 + 1, index * 4 + 4), [protocol, ...can]);
  }
  const batching = PROTOCOLS.filter((protocol) => protocolOf(protocol).batch);
  t.deepEqual(namesUnder(document, '### Batches'), [...batching].sort());
});

test('every example is a model file that is accepted', (t) => {
  const examples = blocksOf(document).filter(({ language }) => language === 'yaml');
  const env = { SENTIMENT_URL: 'http://127.0.0.1:9000', SENTIMENT_KEY: 'k' };
  t.true(examples.length >= 4);
  for (const { text } of examples)
    t.true(parseModelFile(text, 'docs/models.md', env, (file) => `of ${file}`).length > 0);
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
