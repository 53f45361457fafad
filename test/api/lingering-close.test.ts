import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createHttpServer } from '../../api/http/server.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
const BODY = Buffer.alloc(10_000_000, 'a');

test('a client that sends its whole body first reads the answer that came before its end', async (t) => {
  for (let round = 0; round < 20; round++) {
    const { socket } = await open(t);
    socket.pause();
    socket.write(`${HEAD}Content-Length: ${BODY.length}\r\n\r\n`);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.write(BODY, (error) => (error ? reject(error) : resolve()));
    });
    t.regex(await readAll(socket), /^HTTP\/1\.1 413 [^]*too large$/);
  }
});

test('who never comes to an end is not waited for', async (t) => {
  const { socket } = await open(t);
  const closed = closing(socket);
  socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n`);
  t.regex(await readAll(socket), /^HTTP\/1\.1 413 /);
  const drip = setInterval(() => socket.write('a'), 100);
  await closed;
  clearInterval(drip);
});

test('what follows the body of such a request is not answered', async (t) => {
  const { socket, asked } = await open(t);
  const closed = closing(socket);
  socket.write(`${HEAD}Content-Length: 3\r\n\r\na`);
  t.regex(await readAll(socket), /^HTTP\/1\.1 413 /);
  socket.end('bcGET /second HTTP/1.1\r\nHost: x\r\n\r\n');
  await closed;
  t.deepEqual(asked, ['/']);
});

/** However it closes. */
function closing(socket: Socket): Promise<unknown> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', resolve));
}

/** A server that answers before it has read anything, and a connection to it. */
async function open(t: ExecutionContext): Promise<{ socket: Socket; asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer(({ url = '' }, response) => {
    asked.push(url);
    setTimeout(() => response.writeHead(413, { 'content-length': '9' }).end('too large'), 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('No port');
  const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  return { socket, asked };
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(socket, 'end');
  return Buffer.concat(chunks).toString();
}
