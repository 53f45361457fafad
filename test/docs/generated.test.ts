import test from 'ava';
import { describeRoutes } from '../../docs/generate/api-reference.ts';
import { clientTypes } from '../../docs/generate/client-types.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { readDocument } from './document.ts';
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
