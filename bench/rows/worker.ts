import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { bearer, benchModel, jobText, startBenchRedis, startBroker, type Bed, type Broker } from '../bed.ts';
import type { Load } from '../load.ts';
import { interleave, OF_SHORT_LIVED, type Sample } from '../measure.ts';
import { startIn, startProgram, type Program } from '../program.ts';
import type { Line } from '../report.ts';

const JOBS = 3000;

/** Row 7: what one worker process gets through, beside a bare one that makes the same call. */
export async function throughput(bed: Bed): Promise<Line[]> {
  const headers = await bearer();
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const redis = await startBenchRedis(bed);
  const broker = await startBroker(bed, { models: [benchModel('echo', endpoint.url)] });
  const { floor, ours } = await interleave(
    {
      floor: () => bareWorker(redis.url, endpoint),
      ours: () => drain(broker, load, endpoint, headers, JOBS),
    },
    OF_SHORT_LIVED,
  );
  const [under, over] = [floor['perSecond'] ?? 0, ours['perSecond'] ?? 0];
  return [
    {
      row: '7',
      metric: 'one worker process, instant endpoint, beside a bare BullMQ worker',
      unit: 'jobs/s',
      floor: under,
      ours: over,
      ratio: over / under,
      bar: { least: 0.85 },
    },
  ];
}

/** Row 8: a model whose calls cost 5 ms each, one at a time. */
export async function batching(bed: Bed): Promise<Line[]> {
  const headers = await bearer();
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const model = (more: object): object =>
    benchModel('costly', `${endpoint.url}/costly`, {
      protocol: 'kserve-v1',
      concurrency: 4,
      preprocess: '{"instances": [text]}',
      ...more,
    });
  const alone = await startBroker(bed, { models: [model({})] });
  const together = await startBroker(bed, { models: [model({ batch: { max_size: 16, max_delay_ms: 5 } })] });
  const { floor, ours } = await interleave(
    {
      floor: () => drain(alone, load, endpoint, headers, 300),
      ours: () => drain(together, load, endpoint, headers, 3000, 16),
    },
    OF_SHORT_LIVED,
  );
  const [under, over] = [floor['perSecond'] ?? 0, ours['perSecond'] ?? 0];
  return [
    {
      row: '8',
      metric: 'batches of 16, beside none: an endpoint that takes 5 ms a call',
      unit: 'jobs/s',
      floor: under,
      ours: over,
      ratio: over / under,
      bar: { least: 8 },
    },
  ];
}

async function callsOf(endpoint: Program): Promise<number> {
  const { calls } = await endpoint.ask<{ calls: number }>({});
  return calls;
}

/** Waits until a tenth and then all of the calls were made; answers jobs a second between the two. */
async function watch(endpoint: Program, before: number, calls: number, jobsACall: number): Promise<Sample> {
  const until = async (share: number): Promise<{ at: number; calls: number }> => {
    for (;;) {
      const made = (await callsOf(endpoint)) - before;
      if (made >= calls * share) return { at: performance.now(), calls: made };
      await sleep(5);
    }
  };
  const from = await until(0.1);
  const to = await until(0.97);
  return { perSecond: (((to.calls - from.calls) * jobsACall) / (to.at - from.at)) * 1000 };
}

/** Fills the queue, starts a worker, and sees how fast it goes. */
async function drain(
  broker: Broker,
  load: Program,
  endpoint: Program,
  headers: Record<string, string>,
  jobs: number,
  jobsACall = 1,
): Promise<Sample> {
  const requests = [
    { path: '/jobs', headers, body: jobText(jobsACall > 1 || jobs < 1000 ? 'costly' : 'echo') },
  ];
  const what: Load = {
    url: broker.api.url,
    method: 'POST',
    requests,
    count: jobs,
    connections: 32,
    expect: 202,
  };
  await load.ask(what);
  const before = await callsOf(endpoint);
  const worker = await broker.startWorker();
  const sample = await watch(endpoint, before, jobs / jobsACall, jobsACall);
  await sleep(300);
  await worker.stop(3000);
  return sample;
}

async function bareWorker(redisUrl: string, endpoint: Program): Promise<Sample> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue('bare', { connection });
  const input = { text: 'lorem ipsum '.repeat(80) };
  const jobs = Array.from({ length: JOBS }, () => ({ name: 'run', data: { tenant: 'bench', input } }));
  await queue.addBulk(jobs);
  await queue.close();
  connection.disconnect();
  const before = await callsOf(endpoint);
  const worker = await startProgram('floors/bullmq-worker.ts', {
    redisUrl,
    endpoint: endpoint.url,
    tells: false,
    concurrency: 50,
  });
  const sample = await watch(endpoint, before, JOBS, 1);
  await sleep(300);
  await worker.stop();
  return sample;
}
