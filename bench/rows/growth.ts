import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { bearer, benchModel, jobText, startBenchRedis, startBroker, type Bed, type Broker } from '../bed.ts';
import { cpuOf } from '../cpu.ts';
import type { Load } from '../load.ts';
import { costOf, interleave, type Take } from '../measure.ts';
import { startIn, type Program } from '../program.ts';
import { figure, type Line } from '../report.ts';
import { send } from '../send.ts';
import { line } from './submission.ts';

const MILLION = 1_000_000;

/** Row 9: what a job costs where many wait, of many tenants, for one of many models. */
export const growthOf = {
  depth: among(byDepth),
  tenants: among(byTenants),
  models: among(byModels),
};

function among(measure: (bed: Bed, load: Program, endpoint: Program) => Promise<Line>) {
  return async (bed: Bed): Promise<Line[]> => [
    await measure(bed, await startIn(bed, 'load/index.ts'), await startIn(bed, 'endpoint/index.ts')),
  ];
}

async function byDepth(bed: Bed, load: Program, endpoint: Program): Promise<Line> {
  const headers = await bearer();
  const open = async (depth: number) => {
    const redis = await startBenchRedis(bed, { appendonly: 'no' });
    const broker = await startBroker(bed, { redis, models: [benchModel('echo', endpoint.url)] });
    const job = await send(broker.api.url, '/jobs', headers, jobText('echo'));
    const memory = await copyJob(redis.url, String(job['id']), depth);
    await send(broker.api.url, '/models/echo/pause', headers, '{}');
    await broker.startWorker().then((worker) => (broker.worker = worker));
    return { take: throughQueue(broker, load, endpoint, headers), memory };
  };
  const [few, many] = [await open(1000), await open(MILLION)];
  const { floor, ours } = await interleave({ floor: few.take, ours: many.take });
  const found = line('9a', `a job with ${MILLION} queued, beside 1,000`, floor, ours, 'all', 1.2);
  return { ...found, beside: `${found.beside}; ${figure(many.memory / 2 ** 30)} GiB of Redis at a million` };
}

/** Lets a queued job have so many copies, in every key that it stands in. */
async function copyJob(redisUrl: string, id: string, copies: number): Promise<number> {
  const redis = new Redis(redisUrl);
  const prefix = (await redis.keys('*:job:*'))[0]?.replace(`job:${id}`, '') ?? '';
  for (let from = 0; from < copies; from += 5000)
    await redis.eval(COPIES, 0, prefix, id, from, Math.min(copies, from + 5000));
  const memory = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  redis.disconnect();
  return memory;
}

const COPIES = `
  local prefix, id = ARGV[1], ARGV[2]
  for n = tonumber(ARGV[3]), tonumber(ARGV[4]) - 1 do
    local other = string.sub(id, 1, -9) .. string.format('%08d', n)
    for _, kind in ipairs({'job:', 'data:', 'jobs:'}) do
      redis.call('COPY', prefix .. kind .. id, prefix .. kind .. other)
    end
    redis.call('ZADD', prefix .. 'list:bench', redis.call('ZSCORE', prefix .. 'list:bench', id), other)
    redis.call('ZADD', prefix .. 'runs', redis.call('ZSCORE', prefix .. 'runs', id) + 3600000, other)
    redis.call('ZADD', prefix .. 'jobs:prioritized', redis.call('ZSCORE', prefix .. 'jobs:prioritized', id), other)
    redis.call('HINCRBY', prefix .. 'state', '*', 1)
    redis.call('HINCRBY', prefix .. 'state', 't:bench', 1)
  end`;

const THROUGH = 1500;

/** So many in, and as many out: the depth stays as it is. */
function throughQueue(
  broker: Broker,
  load: Program,
  endpoint: Program,
  headers: Record<string, string>,
): Take {
  const { api, redis, worker } = broker;
  const requests = [{ path: '/jobs', headers, body: jobText('echo') }];
  const what: Load = { url: api.url, method: 'POST', requests, count: THROUGH, connections: 32, expect: 202 };
  const submit = costOf(load, what, { api: api.pid, redis: redis.pid });
  return async () => {
    const taken = await submit();
    const before = await endpoint.ask<{ calls: number }>({});
    const cpu = await Promise.all([redis.pid, worker?.pid ?? 0].map(cpuOf));
    await send(api.url, '/models/echo/resume', headers, '{}');
    let calls = 0;
    while (calls < THROUGH) {
      await sleep(5);
      calls = (await endpoint.ask<{ calls: number }>({})).calls - before.calls;
    }
    await send(api.url, '/models/echo/pause', headers, '{}');
    await sleep(200);
    calls = (await endpoint.ask<{ calls: number }>({})).calls - before.calls;
    const after = await Promise.all([redis.pid, worker?.pid ?? 0].map(cpuOf));
    const [ofRedis = 0, ofWorker = 0] = after.map((value, index) => (value - (cpu[index] ?? 0)) / calls);
    const sum = (taken['all'] ?? 0) + ofRedis + ofWorker;
    return { ...taken, redis: (taken['redis'] ?? 0) + ofRedis, worker: ofWorker, all: sum };
  };
}

function whole(load: Program, broker: Broker, requests: Load['requests']): Take {
  const { api, redis, worker } = broker;
  const url = api.url;
  const what: Load = { url, method: 'POST', requests, count: 2000, connections: 32, expect: 200 };
  return costOf(load, what, { api: api.pid, redis: redis.pid, worker: worker?.pid ?? 0 });
}

async function byTenants(bed: Bed, load: Program, endpoint: Program): Promise<Line> {
  const open = async (tenants: number): Promise<Take> => {
    const broker = await startBroker(bed, { models: [benchModel('echo', endpoint.url)], worker: true });
    const all = await Promise.all(Array.from({ length: tenants }, (_, index) => bearer(`tenant-${index}`)));
    const body = jobText('echo');
    return whole(
      load,
      broker,
      all.map((headers) => ({ path: '/jobs?wait=30', headers, body })),
    );
  };
  const { floor, ours } = await interleave({ floor: await open(1), ours: await open(1000) });
  return line('9b', 'a job of one of 1,000 tenants, beside one', floor, ours, 'all', 1.2);
}

async function byModels(bed: Bed, load: Program, endpoint: Program): Promise<Line> {
  const headers = await bearer();
  const open = async (count: number): Promise<Take> => {
    const names = Array.from({ length: count }, (_, index) => `model-${index}`);
    const models = names.map((name) => benchModel(name, endpoint.url));
    const broker = await startBroker(bed, { models, worker: true });
    const requests = names.map((name) => ({ path: '/jobs?wait=30', headers, body: jobText(name) }));
    return whole(load, broker, requests);
  };
  const { floor, ours } = await interleave({ floor: await open(1), ours: await open(200) });
  return line('9c', 'a job for one of 200 models, beside one', floor, ours, 'all', 1.2);
}
