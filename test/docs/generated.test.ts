import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import type { Schema } from '../../docs/generate/openapi.ts';
import { describeRoutes } from '../../docs/generate/api-reference.ts';
import { clientTypes } from '../../docs/generate/client-types.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { namesUnder, readDocument } from './document.ts';
import { readOpenApi } from './openapi.ts';

const AGAIN = 'npm run generate makes it anew';

test('the copy of the OpenAPI document is what an API serves', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const { body } = await broker.request('/openapi.json');
  t.deepEqual(body, readOpenApi(), AGAIN);
});

test('the API reference and the types of the client are those of the document', async (t) => {
  const document = readOpenApi();
  t.is(readDocument('docs/api.md'), describeRoutes(document), AGAIN);
  t.is(readDocument('client/src/schema.ts'), await clientTypes(document), AGAIN);
});

test('the document has each event that a webhook tells of', (t) => {
  const events = namesUnder(readDocument('docs/webhooks.md'), '## Events');
  t.deepEqual(Object.keys(readOpenApi().webhooks).sort(), [...events].sort());
});

test('what has a default may be left out of a body', (t) => {
  const operations = Object.values(readOpenApi().paths).flatMap((methods) => Object.values(methods));
  const bodies = operations.map(({ requestBody }) => requestBody?.content['application/json']?.schema ?? {});
  const fields = bodies.flatMap(fieldsOf);
  t.true(fields.some(({ schema }) => schema.default !== undefined));
  for (const { name, schema, isRequired } of fields)
    t.false(isRequired && schema.default !== undefined, name);
});

test('each default in the document is one that its own schema allows', (t) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const { paths, components } = readOpenApi();
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const contents = operations.flatMap(({ requestBody, responses }) => [
    requestBody?.content,
    ...Object.values(responses).map(({ content }) => content),
  ]);
  const schemas = contents.map((content) => content?.['application/json']?.schema ?? {});
  for (const { name, schema } of [...schemas, ...Object.values(components.schemas)].flatMap(fieldsOf))
    if (schema.default !== undefined) t.true(ajv.validate({ ...schema }, schema.default), name);
});

function fieldsOf({ properties = {}, required = [], items, anyOf = [] }: Schema): Field[] {
  const own = Object.entries(properties).map(([name, schema]) => {
    return { name, schema, isRequired: required.includes(name) };
  });
  const inner = [...Object.values(properties), ...(items ? [items] : []), ...anyOf];
  return [...own, ...inner.flatMap(fieldsOf)];
}

interface Field {
  name: string;
  schema: Schema;
  isRequired: boolean;
}
