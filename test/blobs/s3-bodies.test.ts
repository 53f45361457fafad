import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { jobBody } from '../../api/jobs/job-body.ts';
import type { BlobStore } from '../../shared/blobs/blob-store.ts';
import { createS3Blobs } from '../../shared/blobs/s3-blobs.ts';
import { createTexts } from '../../shared/blobs/texts.ts';
import type { StoredJob } from '../../shared/stored-job.ts';

const PIECE = 'x'.repeat(1000);
const index = {
  announce: async () => undefined,
  forget: async () => undefined,
  exists: async () => false,
  isHeld: async () => false,
  unheld: async () => [],
};

const JOB: StoredJob = {
  id: 'job_x',
  tenant: 'acme',
  model: 'm',
  version: '1',
  status: 'succeeded',
  cache: 'miss',
  run: 'job_x',
  spec: { mode: 'use', priority: 'normal', subject: 's', request_id: 'r', weight: 1 },
  createdAt: 0,
  queuedAt: 0,
  startedAt: null,
  endedAt: null,
  expiresAt: null,
  attempts: 1,
  retries: 0,
  revision: 1,
  error: null,
  progress: null,
  queue: null,
  dataRemoved: false,
  output: { blob: 'output', bytes: 100_000 },
  input: { blob: 'input', bytes: 100_000 },
};

test('a body may take longer in all than the store may take to answer', async (t) => {
  const store = await storeThat(t, 2000, async (_request, response) => {
    for (let at = 0; at < 12; at++) {
      response.write(PIECE);
      await sleep(200);
    }
    response.end();
  });
  const stream = await store.open('a');
  t.is(stream && (await readAll(stream)), PIECE.repeat(12));
});

test('a reader may take its time', async (t) => {
  const store = await storeThat(t, 1000, (_request, response) => void response.end(PIECE.repeat(1000)));
  const stream = await store.open('a');
  await sleep(1500);
  t.is(stream && (await readAll(stream)).length, 1_000_000);
});

test('a body that stops is an error of its reader', async (t) => {
  const texts = createTexts(
    await storeThat(t, 1000, (_request, response) => void response.write(PIECE)),
    index,
  );
  const error = await t.throwsAsync(texts.read({ blob: 'a', bytes: 100_000 }));
  t.like(error, { code: 'storage_unavailable' });
  t.regex(String(error?.cause), /Nothing more of the body came in 1000 ms/);
});

test('a body that breaks before anybody reads it is an error of its reader alone', async (t) => {
  const texts = createTexts(await storeThat(t, 5000, breakOff), index);
  const stream = await texts.open({ blob: 'a', bytes: 100_000 });
  stream.read(0);
  if (!stream.closed) await new Promise((resolve) => void stream.once('close', resolve));
  await t.throwsAsync(readAll(stream));
});

test('of two large texts the second is asked for when the first has been read', async (t) => {
  const seen: string[] = [];
  const store = await storeThat(t, 5000, async (request, response) => {
    const name = request.url?.split('/').at(-1) ?? '';
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    seen.push(`${name} begins`);
    if (name === 'input') {
      await breakOff(request, response);
      return;
    }
    response.write(PIECE);
    await sleep(500);
    seen.push('output ends');
    response.end(PIECE);
  });
  const { stream } = await jobBody(createTexts(store, index), JOB, { input: true });
  await t.throwsAsync(async () => stream && readAll(stream));
  t.deepEqual(seen, ['output begins', 'output ends', 'input begins']);
});

const breakOff = async (...[, response]: Parameters<RequestListener>): Promise<void> => {
  response.writeHead(200, { 'content-length': '100000' });
  response.write(PIECE);
  await sleep(50);
  response.destroy();
};

/** A bucket whose server answers so, whatever is asked. */
async function storeThat(
  t: ExecutionContext,
  timeoutMs: number,
  answer: (...call: Parameters<RequestListener>) => void | Promise<void>,
): Promise<BlobStore> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const endpoint = new URL(`http://127.0.0.1:${port}`);
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  return createS3Blobs(
    { bucket: 'inferq', prefix: '', region: 'us-east-1', endpoint, credentials },
    timeoutMs,
  );
}
