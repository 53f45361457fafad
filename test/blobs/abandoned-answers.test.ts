import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');

/** A file that is open when its handle is collected ends the process: hence one of its own, with a collector to call. */
const PROGRAM = `
  import { once } from 'node:events';
  import http from 'node:http';
  import net from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';
  const [root, folder] = process.argv.slice(1);
  const { createFileBlobs } = await import(root + '/shared/blobs/file-blobs.ts');
  const { createTexts } = await import(root + '/shared/blobs/texts.ts');
  const { jobBody } = await import(root + '/api/jobs/job-body.ts');
  const { outputAnswer } = await import(root + '/api/jobs/job-output.ts');
  const { send } = await import(root + '/api/http/send.ts');

  const blobs = createFileBlobs(folder);
  await blobs.put('k/a', JSON.stringify('x'.repeat(200_000)));
  const texts = createTexts(blobs, {});
  const text = { blob: 'k/a', bytes: 200_002 };
  const job = { id: 'job_x', status: 'succeeded', output: text, input: text, spec: {}, createdAt: 0, queuedAt: 0,
    startedAt: null, endedAt: null, expiresAt: null };
  const answers = {
    '/whole': async () => ({ status: 200, ...(await jobBody(texts, job, { input: true })) }),
    '/output': () => outputAnswer(texts, text, false),
  };
  let answered = 0;
  const api = http.createServer(async (request, response) => {
    await once(response, 'close');
    await send(response, await answers[request.url]());
    answered++;
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  api.on('request', (request) => request.socket.destroy());
  for (const target of ['/whole', '/output', '/whole', '/output']) {
    const client = net.connect(api.address().port, '127.0.0.1');
    client.on('error', () => undefined);
    client.write('GET ' + target + ' HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n');
    await once(client, 'close');
  }
  while (answered < 4) await sleep(10);
  for (let at = 0; at < 5; at++) {
    await sleep(20);
    gc();
  }
  process.stdout.write('alive');
  process.exit(0);`;

test('a client that leaves before its large answer begins leaves no file open', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-blobs-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const flags = ['--expose-gc', '--input-type=module', '-e', PROGRAM];
  const { stdout } = await run(process.execPath, [...flags, root, folder], { timeout: 60_000 });
  t.is(stdout, 'alive');
});
