import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../cli/local/ports.ts';
import { bearer, benchModel, endBed, startBroker, type Bed } from '../bed.ts';
import type { Load } from '../load.ts';
import { costOf, interleave } from '../measure.ts';
import { startIn } from '../program.ts';
import { toTable } from '../report.ts';
import { line } from '../rows/submission.ts';

/** Row 14: the same synchronous calls through a gateway from npm, which has no queue. It is installed when first asked for. */
const PEER = '@portkey-ai/gateway@1.15.2';
const FOLDER = path.join(import.meta.dirname, '../../.inferq/peers');
const run = promisify(execFile);

async function startPeer(bed: Bed): Promise<{ url: string; pid: number }> {
  const entry = path.join(FOLDER, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  if (!existsSync(entry)) {
    await mkdir(FOLDER, { recursive: true });
    await run('npm', ['install', '--prefix', FOLDER, '--ignore-scripts', PEER]);
  }
  const port = await freePort();
  const child = spawn(process.execPath, [entry, `--port=${port}`, '--headless'], {
    stdio: 'ignore',
    env: { ...process.env, TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
  });
  bed.ends.push(async () => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return { url, pid: child.pid ?? 0 };
    await sleep(50);
  }
  throw new Error('the peer does not answer');
}

const bed: Bed = { ends: [] };
try {
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const host = `${endpoint.url}/v1`;
  const chat = benchModel('chat', `${host}/chat/completions`, { protocol: 'openai-chat', input_schema: {} });
  const ours = await startBroker(bed, { models: [chat], worker: true });
  const peer = await startPeer(bed);
  const messages = [{ role: 'user', content: `@@@@@@@@@@@@ ${'lorem ipsum '.repeat(75)}` }];
  const common = { method: 'POST' as const, count: 1500, connections: 32, expect: 200 };
  const peerHeaders = {
    authorization: 'Bearer key',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': host,
  };
  const theirs: Load = {
    ...common,
    url: peer.url,
    requests: [
      { path: '/v1/chat/completions', headers: peerHeaders, body: JSON.stringify({ model: 'm', messages }) },
    ],
  };
  const own: Load = {
    ...common,
    url: ours.api.url,
    requests: [
      {
        path: '/jobs?wait=30',
        headers: await bearer(),
        body: JSON.stringify({ model: 'chat', input: { messages } }),
      },
    ],
  };
  const { floor, mine } = await interleave({
    floor: costOf(load, theirs, { api: peer.pid }),
    mine: costOf(load, own, { api: ours.api.pid, redis: ours.redis.pid, worker: ours.worker?.pid ?? 0 }),
  });
  const found = line('14', 'wait, whole cost, beside @portkey-ai/gateway', floor, mine, 'all', 0.6);
  process.stdout.write(`${toTable([found])}\n`);
} finally {
  await endBed(bed);
}
