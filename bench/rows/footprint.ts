import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { bearer, benchModel, startBenchRedis, startBroker, type Bed } from '../bed.ts';
import { descendantsOf, residentOf } from '../cpu.ts';
import { startIn } from '../program.ts';
import { figure, type Line } from '../report.ts';

const KEPT = 10_000;
const KIB = 1024;

/** Row 10: bytes of Redis a job, where inputs and outputs have 1 KiB each that no compression would find. */
export async function memory(bed: Bed): Promise<Line[]> {
  const headers = await bearer();
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const redis = await startBenchRedis(bed, { appendonly: 'no' });
  const broker = await startBroker(bed, { redis, models: [benchModel('echo', `${endpoint.url}/random`)] });
  const text = `{"text":"${'@'.repeat(12)}`;
  const body = `{"model":"echo","input":${text}${'r'.repeat(KIB - text.length - 2)}"}}`;
  const requests = [{ path: '/jobs', headers, body }];
  const what = { url: broker.api.url, method: 'POST', requests, connections: 32, expect: 202 };
  await load.ask({ ...what, count: 10 });
  const client = new Redis(redis.url);
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const empty = await used();
  await load.ask({ ...what, count: KEPT });
  await sleep(1000);
  const queued = ((await used()) - empty) / KEPT;
  await broker.startWorker();
  while ((await endpoint.ask<{ calls: number }>({})).calls < KEPT + 10) await sleep(50);
  await sleep(2000);
  const done = ((await used()) - empty) / KEPT;
  client.disconnect();
  return [
    bytes('10a', 'Redis bytes of a queued job, beside its input', KIB, queued, 2),
    bytes('10b', 'Redis bytes of a job that is done, beside input and output', 2 * KIB, done, 1.6),
  ];
}

function bytes(row: string, metric: string, payload: number, kept: number, most: number): Line {
  return { row, metric, unit: 'B', floor: payload, ours: kept, ratio: kept / payload, bar: { most } };
}

/** Row 12: from `npm start` to the line that says it is ready, and what its idle processes hold. */
export async function start(): Promise<Line[]> {
  const starts: Start[] = [];
  for (let tries = 0; tries < 4; tries++) starts.push(await tryStart());
  // The first one makes what later ones find: compiled code, Redis' folder.
  const counted = starts.slice(1);
  return [
    alone('12a', 'npm start, until it is ready', 's', medianOf(counted, 'seconds'), 3),
    alone('12b', 'an idle API process', 'MiB', medianOf(counted, 'api'), 120),
    alone('12c', 'an idle worker process', 'MiB', medianOf(counted, 'worker'), 120),
  ];
}

export function alone(
  row: string,
  metric: string,
  unit: string,
  ours: number,
  most: number,
  beside = '',
): Line {
  return { row, metric, unit, floor: 0, ours, ratio: ours, bar: { most }, beside };
}

/** Seconds until it was ready, and MiB of its processes three seconds later. */
interface Start {
  seconds: number;
  api: number;
  worker: number;
}

function medianOf(starts: readonly Start[], what: keyof Start): number {
  const sorted = starts.map((one) => one[what]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

async function tryStart(): Promise<Start> {
  const begun = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: path.join(import.meta.dirname, '../..'),
    env: { ...process.env, PORT: '0', METRICS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise((resolve) => child.once('exit', resolve));
  const seconds = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (piece) => {
      said += String(piece);
      if (said.includes('inferq ready')) resolve((performance.now() - begun) / 1000);
    });
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said}`)));
  });
  await sleep(3000);
  const running = await descendantsOf(child.pid ?? 0);
  const residentAs = async (entry: string): Promise<number> => {
    const role = running.find(({ command }) => command.includes(entry));
    if (!role) throw new Error(`npm start has started no ${entry}`);
    return residentOf(role.pid);
  };
  const [api, worker] = [await residentAs('api/index.ts'), await residentAs('workers/index.ts')];
  child.kill('SIGINT');
  await closed;
  if (process.argv.includes('--verbose'))
    process.stderr.write(`npm start ${figure(seconds)} s, ${figure(api)} and ${figure(worker)} MiB\n`);
  return { seconds, api, worker };
}
