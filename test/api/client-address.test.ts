import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import test from 'ava';
import { createHttpServer } from '../../api/http/server.ts';

test('where a request came from is known after its client has gone', async (t) => {
  const address = Promise.withResolvers<string | undefined>();
  const server = createHttpServer((request, response) => {
    response.once('close', () => address.resolve(request.socket.remoteAddress));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(server, 'request');
  client.destroy();
  t.is(await address.promise, '127.0.0.1');
});
