import { once } from 'node:events';
import { request, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createHttpServer } from '../../api/http/server.ts';
import { send } from '../../api/http/send.ts';

const LARGE = JSON.stringify('é😀a'.repeat(300_000));

for (const [kind, json] of [
  ['small', '{"a":"b"}'],
  ['small and not ASCII', '{"é":"😀"}'],
  ['large', JSON.stringify('x'.repeat(1_000_000))],
  ['large and not ASCII', LARGE],
] as const)
  test(`an answer that is ${kind} comes whole, with its length`, async (t) => {
    const url = await serve(
      t,
      (_request, response) => void send(response, { status: 202, json }, ['x-a', '1']),
    );
    const response = await fetch(url);
    t.is(response.status, 202);
    t.is(await response.text(), json);
    t.is(response.headers.get('content-length'), String(Buffer.byteLength(json)));
    t.is(response.headers.get('content-type'), 'application/json');
    t.is(response.headers.get('x-a'), '1');
  });

test('HEAD has the length of a large answer and not the answer; the connection goes on', async (t) => {
  const url = await serve(t, (_request, response) => void send(response, { status: 200, json: LARGE }));
  for (let time = 0; time < 3; time++) {
    const response = await fetch(url, { method: 'HEAD' });
    t.is(response.headers.get('content-length'), String(Buffer.byteLength(LARGE)));
    t.is(await response.text(), '');
  }
});

test('an answer without a body says so', async (t) => {
  const url = await serve(
    t,
    (_request, response) => void send(response, { status: 302, headers: { location: '/x' } }, ['x-a', '1']),
  );
  const response = await fetch(url, { redirect: 'manual' });
  t.is(response.headers.get('content-length'), '0');
  t.is(response.headers.get('location'), '/x');
  t.is(response.headers.get('x-a'), '1');
});

test('a client that leaves in the middle of a large answer ends the sending', async (t) => {
  let sending: Promise<void> | undefined;
  const url = await serve(t, (_request, response) => {
    sending = send(response, { status: 200, json: JSON.stringify('x'.repeat(50_000_000)) });
  });
  const asked = request(url).end();
  const [response] = await once(asked, 'response');
  response.pause();
  await sleep(50);
  asked.destroy();
  await t.notThrowsAsync(async () => sending);
});

test('a client that reads slowly gets all of a large answer, and others are served meanwhile', async (t) => {
  const json = JSON.stringify('x'.repeat(20_000_000));
  const url = await serve(t, (asked, response) => {
    void send(response, { status: 200, json: asked.url === '/large' ? json : '{}' });
  });
  const asked = request(`${url}/large`).end();
  const [response] = await once(asked, 'response');
  response.pause();
  t.is(await (await fetch(url)).text(), '{}');
  await sleep(50);
  t.is((await text(response)).length, json.length);
});

async function serve(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createHttpServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}
