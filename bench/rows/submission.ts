import { bearer, benchModel, jobText, startBenchRedis, startBroker, type Bed } from '../bed.ts';
import type { Load } from '../load.ts';
import { costOf, interleave } from '../measure.ts';
import { startIn } from '../program.ts';
import { figure, type Line } from '../report.ts';
import { send } from '../send.ts';

const COUNT = 4000;

/** Rows 1 to 3: a job that is accepted, and one that is answered from the cache. */
export async function submission(bed: Bed): Promise<Line[]> {
  const headers = await bearer();
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const ours = await startBroker(bed, {
    models: [benchModel('echo', endpoint.url), benchModel('known', endpoint.url)],
  });
  const floorRedis = await startBenchRedis(bed);
  const byHand = await startIn(bed, 'floors/node-http.ts', { redisUrl: floorRedis.url });
  const bullRedis = await startBenchRedis(bed);
  const bull = await startIn(bed, 'floors/bullmq-server.ts', { redisUrl: bullRedis.url });

  const post = (url: string, path = '/jobs', expect = 202, body = jobText('echo')): Load => ({
    url,
    method: 'POST',
    requests: [{ path, headers, body }],
    count: COUNT,
    connections: 32,
    expect,
  });
  const known = jobText('known').replace('@@@@@@@@@@@@', 'known');
  await send(byHand.url, '/cache', headers, known);
  const worker = await ours.startWorker();
  await send(ours.api.url, '/jobs?wait=30', headers, known);
  await worker.stop(5000);
  const accepted = await interleave({
    floor: costOf(load, post(byHand.url), { api: byHand.pid, redis: floorRedis.pid }),
    ours: costOf(load, post(ours.api.url), { api: ours.api.pid, redis: ours.redis.pid }),
    bull: costOf(load, post(bull.url, '/add', 200), { api: bull.pid, redis: bullRedis.pid }),
  });

  const hit = await interleave({
    floor: costOf(load, post(byHand.url, '/jobs', 200, known), { api: byHand.pid, redis: floorRedis.pid }),
    ours: costOf(load, post(ours.api.url, '/jobs', 200, known), { api: ours.api.pid, redis: ours.redis.pid }),
  });
  return [
    line('1', 'accepted job: API CPU', accepted.floor, accepted.ours, 'api', 1.8),
    line(
      '2',
      'accepted job: Redis CPU, beside a bare BullMQ add',
      accepted.bull,
      accepted.ours,
      'redis',
      1.3,
    ),
    line('3', 'cache hit: API CPU', hit.floor, hit.ours, 'api', 1.6),
    {
      row: '3r',
      metric: 'cache hit: Redis CPU',
      unit: 'µs',
      floor: 0,
      ours: hit.ours['redis'] ?? 0,
      ratio: hit.ours['redis'] ?? 0,
      bar: { most: 20 },
      beside: `floor ${figure(hit.floor['redis'] ?? 0)} µs`,
    },
  ];
}

type Costs = Record<string, number>;

/** A line of CPU beside CPU, with throughput and latency. */
export function line(
  row: string,
  metric: string,
  floor: Costs,
  ours: Costs,
  what: string,
  most: number,
): Line {
  const [under, over] = [floor[what] ?? 0, ours[what] ?? 0];
  const parts = Object.keys(ours).filter((key) => ['api', 'redis', 'worker'].includes(key));
  const costs = (side: Costs): string => parts.map((key) => `${key} ${figure(side[key] ?? 0)}`).join(' + ');
  return {
    row,
    metric,
    unit: 'µs',
    floor: under,
    ours: over,
    ratio: over / under,
    bar: { most },
    beside: `${costs(floor)} : ${costs(ours)} µs; ${about(floor)} : ${about(ours)}`,
  };
}

function about(costs: Costs): string {
  return `${figure(costs['perSecond'] ?? 0)}/s p50 ${figure(costs['p50'] ?? 0)} p99 ${figure(costs['p99'] ?? 0)} ms`;
}
