import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { startSocketReceiver } from '../webhooks/receiver.ts';

const PIECES = 1_000_000;

test('an answer in pieces of a byte takes the memory of its bytes, not of its pieces', async (t) => {
  const server = await startSocketReceiver(t, (socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n"\r\n');
      socket.end(`${'1\r\nx\r\n'.repeat(PIECES)}1\r\n"\r\n0\r\n\r\n`);
    }),
  );
  const thread = new Worker(new URL('fixtures/small-heap.ts', import.meta.url), {
    workerData: server.url,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    stdout: true,
  });
  t.teardown(() => thread.terminate());
  const said = text(thread.stdout);
  await once(thread, 'exit');
  t.is(await said, String(PIECES));
});
