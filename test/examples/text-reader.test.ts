import { once } from 'node:events';
import { createServer } from 'node:http';
import test from 'ava';
import { ocrRoutes } from '../../examples/models/ocr.ts';
import { dispatch } from '../../examples/models/routes.ts';
import { type Engine, startEngine, UnreadablePicture } from '../../examples/models/tesseract.ts';
import { startTextReader, type TextReader } from '../../examples/models/text-reader.ts';
import { eventsOf, helloPng, post } from './model-server.ts';

const READING = { text: 'read', confidence: 1 };
const alive = () => ({ signal: new AbortController().signal, onProgress: () => undefined });

/** Engines that do in turn what the test says; the last goes on for ever. */
function engines(...behaviours: Engine['recognize'][]) {
  const started: { stopped: boolean; kill: (reason: Error) => void }[] = [];
  const start = async (): Promise<Engine> => {
    const state: (typeof started)[number] = { stopped: false, kill: () => {} };
    const recognize = behaviours[Math.min(started.length, behaviours.length - 1)] ?? read;
    started.push(state);
    return {
      recognize: (picture, onProgress) => {
        const killed = new Promise<never>((_, reject) => (state.kill = reject));
        return Promise.race([recognize(picture, onProgress), killed]);
      },
      async stop() {
        state.stopped = true;
        state.kill(new Error('stopped'));
      },
    };
  };
  return { start, started };
}

const read = async () => READING;
const hang = () => new Promise<never>(() => {});
const crash = () => Promise.reject(new Error('memory access out of bounds'));

test('an engine that crashes is stopped and replaced, and the next picture is read', async (t) => {
  const { start, started } = engines(crash, read);
  const reader = startTextReader(start);
  await t.throwsAsync(reader.read(helloPng(), alive()), { message: /out of bounds/ });
  t.deepEqual(await reader.read(helloPng(), alive()), READING);
  t.deepEqual(
    started.map(({ stopped }) => stopped),
    [true, false],
  );
});

test('a picture that takes too long is given up with 422', async (t) => {
  const { start } = engines(hang, read);
  const reader = startTextReader(start, 20);
  await t.throwsAsync(reader.read(helloPng(), alive()), { message: /over 20 ms/ });
  t.deepEqual(await reader.read(helloPng(), alive()), READING);
});

test('the real engine can be interrupted in the middle of a picture', async (t) => {
  const reader = startTextReader(startEngine, 5);
  await t.throwsAsync(reader.read(helloPng(), alive()), { message: /over 5 ms/ });
  await reader.stop();
});

test('an engine that cannot start fails the picture, not the process, and is tried again', async (t) => {
  const { start } = engines(read);
  let tries = 0;
  const reader = startTextReader(() => (tries++ === 0 ? Promise.reject(new Error('no engine')) : start()));
  await t.throwsAsync(reader.read(helloPng(), alive()), { message: 'no engine' });
  t.deepEqual(await reader.read(helloPng(), alive()), READING);
});

test('an undecodable picture costs the engine nothing', async (t) => {
  const { start, started } = engines(() => Promise.reject(new UnreadablePicture('no pix')));
  const reader = startTextReader(start);
  await t.throwsAsync(reader.read(helloPng(), alive()), { message: 'image cannot be decoded' });
  await t.throwsAsync(reader.read(helloPng(), alive()), { message: 'image cannot be decoded' });
  t.is(started.length, 1);
});

test('who gave up while waiting is skipped', async (t) => {
  const read: string[] = [];
  const { start } = engines(async (picture) => {
    read.push(picture.toString());
    return READING;
  });
  const reader = startTextReader(start);
  const first = reader.read(Buffer.from('first'), alive());
  const gone = reader.read(Buffer.from('gone'), { ...alive(), signal: AbortSignal.abort() });
  const last = reader.read(Buffer.from('last'), alive());
  await t.throwsAsync(gone);
  await Promise.all([first, last]);
  t.deepEqual(read, ['first', 'last']);
});

test('a failure after the first progress is an error event, as the status is already sent', async (t) => {
  const reader: TextReader = {
    async read(_, { onProgress }) {
      onProgress(0.5, 'recognizing text');
      throw new Error('memory access out of bounds');
    },
    async stop() {},
  };
  const routes = new Map(ocrRoutes(reader));
  const server = createServer((request, response) => void dispatch(routes, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const accept = { headers: { accept: 'text/event-stream' } };
  const image = helloPng().toString('base64');
  const events = await eventsOf(await post(`http://127.0.0.1:${port}/ocr`, { image }, accept));
  t.deepEqual(
    events.map(({ event }) => event),
    ['progress', 'error'],
  );
  t.deepEqual(JSON.parse(events[1]?.data ?? ''), { error: 'memory access out of bounds' });
});
