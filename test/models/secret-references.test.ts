import test from 'ava';
import { checkSpec } from '../../shared/models/model-file.ts';
import { checkSecrets, resolveSecrets, withoutSecrets } from '../../shared/models/secret-references.ts';
import type { ModelSpec } from '../../shared/model.ts';

function specOf(endpoint: { url: string; headers?: Record<string, string> }): ModelSpec {
  const spec = { name: 'm', protocol: 'json', endpoints: [endpoint] };
  checkSpec(spec);
  // The check has put the defaults in.
  return JSON.parse(JSON.stringify(spec));
}

function faultsOf(endpoint: { url: string; headers?: Record<string, string> }): string[] {
  return checkSecrets(specOf(endpoint)).map(({ pointer }) => pointer);
}

const PREDICT = 'http://10.0.0.7/predict';

test('a header may refer to a secret of the workers, alone or after a scheme', (t) => {
  for (const value of ['${INFERQ_SECRET_KEY}', 'Bearer ${INFERQ_SECRET_KEY_2}', 'Api-Key ${INFERQ_SECRET_K}'])
    t.deepEqual(faultsOf({ url: PREDICT, headers: { authorization: value } }), [], value);
});

test('a header may hold nothing else: no secret itself, no other variable, no file', (t) => {
  const values = [
    'Bearer abcdef0123456789',
    'x',
    '',
    '${REDIS_URL}',
    '${JWT_SECRET}',
    '${INFERQ_SECRET_}',
    '${INFERQ_SECRET_A}${JWT_SECRET}',
    '${JWT_SECRET} ${INFERQ_SECRET_A}',
    'abc123 ${INFERQ_SECRET_A}\nx: ${JWT_SECRET}',
    '${file:/etc/passwd}',
    '${INFERQ_SECRET_A:-${JWT_SECRET}}',
  ];
  for (const value of values)
    t.deepEqual(faultsOf({ url: PREDICT, headers: { 'a/b': value } }), ['/endpoints/0/headers/a~1b'], value);
});

test('a header that says what is asked for, and where, may be plain, but names no other variable', (t) => {
  const headers = {
    Accept: 'text/event-stream',
    'accept-language': 'en',
    'content-type': 'application/vnd.x+json',
    host: 'sklearn-iris.default.example.com',
    'user-agent': 'inferq',
  };
  t.deepEqual(faultsOf({ url: PREDICT, headers }), []);
  for (const host of ['${JWT_SECRET}', 'x-${INFERQ_SECRET_A}', '${file:/etc/passwd}'])
    t.deepEqual(faultsOf({ url: PREDICT, headers: { host } }), ['/endpoints/0/headers/host'], host);
});

test('a url may hold no credentials and no references', (t) => {
  for (const url of [
    'http://user:password@10.0.0.7/',
    'http://user@10.0.0.7/',
    'http://10.0.0.7/?api_key=abc',
    'http://10.0.0.7/?access_token=abc',
    'http://${INFERQ_SECRET_HOST}/',
    'http://10.0.0.7/${JWT_SECRET}',
    'http://',
  ])
    t.deepEqual(faultsOf({ url }), ['/endpoints/0/url'], url);
  t.deepEqual(faultsOf({ url: 'http://10.0.0.7/v1?api-version=2024-06-01' }), []);
});

test('references are resolved from the secrets of the environment alone', (t) => {
  const spec = specOf({ url: PREDICT, headers: { a: 'Bearer ${INFERQ_SECRET_A}', b: '${INFERQ_SECRET_B}' } });
  const { spec: resolved, missing } = resolveSecrets(spec, {
    INFERQ_SECRET_A: '${JWT_SECRET}',
    JWT_SECRET: 'x',
  });
  t.deepEqual(resolved.endpoints[0]?.headers, { a: 'Bearer ${JWT_SECRET}', b: '' });
  t.deepEqual(missing, ['INFERQ_SECRET_B']);
  t.is(spec.endpoints[0]?.headers?.['a'], 'Bearer ${INFERQ_SECRET_A}', 'the spec itself is as it was');
});

test('a file’s spec is shown without header values, credentials and queries', (t) => {
  const spec = specOf({
    url: 'http://user:pass@10.0.0.7/x?code=abc',
    headers: { authorization: 'Bearer abc' },
  });
  const [endpoint] = withoutSecrets(spec).endpoints;
  t.is(endpoint?.url, 'http://10.0.0.7/x?…');
  t.deepEqual(endpoint?.headers, { authorization: '…' });
});
