import { bearer, benchModel, jobText, startBenchRedis, startBroker, type Bed } from '../bed.ts';
import type { Load } from '../load.ts';
import { costOf, interleave } from '../measure.ts';
import { startIn } from '../program.ts';
import { figure, type Line } from '../report.ts';
import { send } from '../send.ts';
import { line } from './submission.ts';

const COUNT = 2000;

/** Rows 4, 5, 6 and 13: whoever waits for the answer, and whoever asks for it later. */
export async function waiting(bed: Bed): Promise<Line[]> {
  const headers = await bearer();
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const ours = await startBroker(bed, { models: [benchModel('echo', endpoint.url)], worker: true });
  const redis = await startBenchRedis(bed);
  const bull = await startIn(bed, 'floors/bullmq-server.ts', { redisUrl: redis.url });
  const worker = await startIn(bed, 'floors/bullmq-worker.ts', {
    redisUrl: redis.url,
    endpoint: endpoint.url,
    tells: false,
    concurrency: 50,
  });
  const proxy = await startIn(bed, 'floors/proxy.ts', { endpoint: endpoint.url });
  const post = (url: string, path: string): Load => ({
    url,
    method: 'POST',
    requests: [{ path, headers, body: jobText('echo') }],
    count: COUNT,
    connections: 32,
    expect: 200,
  });
  const pids = { api: ours.api.pid, redis: ours.redis.pid, worker: ours.worker?.pid ?? 0 };
  const whole = await interleave({
    bull: costOf(load, post(bull.url, '/events'), { api: bull.pid, redis: redis.pid, worker: worker.pid }),
    ours: costOf(load, post(ours.api.url, '/jobs?wait=30'), pids),
    proxy: costOf(load, post(proxy.url, '/'), { api: proxy.pid }),
  });
  await worker.stop();
  const teller = await startIn(bed, 'floors/bullmq-worker.ts', {
    redisUrl: redis.url,
    endpoint: endpoint.url,
    tells: true,
    concurrency: 50,
  });
  const latency = await interleave({
    direct: costOf(load, alone(post(endpoint.url, '/')), {}),
    bull: costOf(load, alone(post(bull.url, '/wake-up')), {}),
    ours: costOf(load, alone(post(ours.api.url, '/jobs?wait=30')), {}),
  });
  await teller.stop();
  const got = await reading(bed, ours.api, load, headers);
  return [
    line('4', 'wait, whole cost, beside bare BullMQ', whole.bull, whole.ours, 'all', 1.3),
    added(latency),
    line('6', 'GET /jobs/{id}: API CPU, beside a constant', got.floor, got.ours, 'api', 1.8),
    line('13', 'wait, whole cost, beside a direct proxy', whole.proxy, whole.ours, 'all', 3.2),
  ];
}

/** One after the other. */
function alone(what: Load): Load {
  return { ...what, connections: 1, count: 200 };
}

async function reading(
  bed: Bed,
  api: { url: string; pid: number },
  load: Awaited<ReturnType<typeof startIn>>,
  headers: Record<string, string>,
) {
  const express = await startIn(bed, 'floors/express-constant.ts');
  const job = await send(api.url, '/jobs?wait=30', headers, jobText('echo'));
  const get = (url: string): Load => ({
    url,
    method: 'GET',
    requests: [{ path: `/jobs/${String(job['id'])}`, headers }],
    count: 4000,
    connections: 32,
    expect: 200,
  });
  return interleave({
    floor: costOf(load, get(express.url), { api: express.pid }),
    ours: costOf(load, get(api.url), { api: api.pid }),
  });
}

function added({ direct, bull, ours }: Record<'direct' | 'bull' | 'ours', Record<string, number>>): Line {
  const [base = 0, under = 0, over = 0] = [direct, bull, ours].map(({ p50 = 0 }) => p50);
  return {
    row: '5',
    metric: 'wait, added latency when idle, beside bare BullMQ with a wake-up: p50',
    unit: 'ms',
    floor: under - base,
    ours: over - base,
    ratio: (over - base) / (under - base),
    bar: { most: 1.2 },
    beside: `p50 ${figure(base)} direct, ${figure(under)} BullMQ, ${figure(over)} ours`,
  };
}
