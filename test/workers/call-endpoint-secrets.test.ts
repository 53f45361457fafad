import test from 'ava';
import type { ErrorCode } from '../../shared/errors.ts';
import { startReceiver, type Answer } from '../webhooks/receiver.ts';
import { callOf, faultOf, startCaller, STREAM_TYPE } from './endpoint-calls.ts';

const secretive: [code: ErrorCode, answer: Answer][] = [
  [
    'model_error',
    (response, { headers }) =>
      response.writeHead(401, { 'content-type': 'text/plain' }).end(JSON.stringify(headers)),
  ],
  ['model_error', (response, { path }) => response.writeHead(307, { location: path }).end()],
  ['model_timeout', () => undefined],
  ['model_unavailable', (response) => void response.socket?.resetAndDestroy()],
  ['invalid_output', (response, { headers }) => response.end(headers['authorization'])],
  [
    'model_error',
    (response, { headers }) => {
      const data = JSON.stringify({ error: `bad key ${headers['x-api-key']}` });
      response.writeHead(200, STREAM_TYPE).end(`event: error\ndata: ${data}\n\n`);
    },
  ],
];
for (const [index, [code, answer]] of secretive.entries()) {
  test(`no secret of the endpoint comes into an error, case ${index} (${code})`, async (t) => {
    const server = await startReceiver(t, answer);
    const call = callOf(server.url.replace('//', '//canary-user:canary-pass@') + '?key=canary-query', {
      timeoutMs: code === 'model_timeout' ? 300 : 20_000,
    });
    call.endpoint.headers = { 'x-api-key': 'canary-header', 'x-other': 'Token canary-token' };
    const error = await faultOf(t, startCaller(t).call(call));
    t.is(error.code, code);
    t.true(error.message.includes(server.url));
    t.false(/canary/.test(error.message + String(error.cause)), error.message);
    t.false(error.message.includes(btoa('canary-user:canary-pass')));
  });
}
