import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { helloPng, jsonOf, post, startServer } from './model-server.ts';

const INDEX = fileURLToPath(new URL('../../examples/models/index.ts', import.meta.url));

/** The server as `npm start` runs it, in an empty folder of its own. */
async function startChild(t: ExecutionContext) {
  const cwd = await mkdtemp(join(tmpdir(), 'inferq-models-'));
  const child = fork(INDEX, { cwd, env: { PORT: '0' } });
  t.teardown(() => child.kill('SIGKILL'));
  const [message] = await once(child, 'message');
  t.is(message.type, 'ready');
  return { child, cwd, url: String(message.url) };
}

test('a child says where it listens, leaves no file behind and stops at SIGTERM', async (t) => {
  const { child, cwd, url } = await startChild(t);
  t.is((await post(`${url}/ocr`, { image: helloPng().toString('base64') })).status, 200);
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [0, null]);
  t.deepEqual(await readdir(cwd), []);
});

test('a child stops when its parent is gone', async (t) => {
  const { child } = await startChild(t);
  child.disconnect();
  t.deepEqual(await once(child, 'exit'), [0, null]);
});

test('stopping twice is harmless, and stops a stream that runs on', async (t) => {
  const server = await startServer(50);
  const body = { model: 'moby', prompt: 'Call me', max_tokens: 500, stream: true };
  const response = await post(`${server.url}/v1/completions`, body);
  await Promise.all([server.stop(50), server.stop(50)]);
  await t.throwsAsync(response.text());
  await t.throwsAsync(fetch(`${server.url}/healthz`));
  await server.stop();
});

test('health is told to GET and HEAD', async (t) => {
  const server = await startServer();
  t.teardown(() => server.stop());
  t.deepEqual(await jsonOf(await fetch(`${server.url}/healthz`)), { status: 'ok' });
  t.is((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status, 200);
});

test('an unknown path is 404, a wrong method 405, a broken body 400, an endless one 413', async (t) => {
  const server = await startServer();
  t.teardown(() => server.stop());
  const status = async (path: string, init: RequestInit) => {
    const response = await fetch(server.url + path, init);
    t.truthy((await jsonOf(response)).error);
    return response.status;
  };
  const POST = { method: 'POST' };
  t.is(await status('/nowhere', {}), 404);
  t.is(await status('/v1/nowhere', {}), 404);
  t.is(await status('/ocr', {}), 405);
  t.is(await status('/ocr', { ...POST, body: '{"image": ' }), 400);
  t.is(await status('/ocr', POST), 400);
  t.is(await status('/v1/completions', { ...POST, body: '[]' }), 400);
  t.is(await status('/ocr', { ...POST, body: 'x'.repeat(20 * 1024 * 1024 + 1) }), 413);
});
