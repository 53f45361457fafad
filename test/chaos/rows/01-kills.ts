import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { until } from '../../support/until.ts';
import { check, describeFaults } from '../checker.ts';
import { ask, endsOf, submitMany } from '../client.ts';
import { keepWorkers } from '../keeper.ts';
import { startKeptRedis } from '../kept-redis.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { startWebhookLog, type WebhookLog } from '../webhook-log.ts';

const KILLS = { worker: 20, redis: 3 };
const JOBS_A_KILL = 10_000 / (KILLS.worker + KILLS.redis);
const MOST_DOUBLES = 0.01;

export const kills: Row = {
  row: 1,
  injected: '10,000 jobs with webhooks; 20 workers and 3 Redis `kill -9` at random (AOF `always`)',
  bar: '0 lost, 0 stuck, each webhook at least once, doubles ≤ 1 %',
  deadline: 2400,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const kills = planKills(chaos);
  // What comes twice comes at kills: a small run has as many jobs for each as the whole one, or its share says nothing.
  const count = Math.round(kills.length * JOBS_A_KILL);
  const redis = await startKeptRedis(chaos);
  const model = await startModel(chaos);
  const webhooks = await startWebhookLog(chaos, 5);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 100, retry: { attempts: 5, backoff: 0.1 } })],
    redis: redis.process(),
    workers: 3,
    env: { INFERQ_LOCK_TIME: '3', LOG_LEVEL: 'warn' },
  });
  const workers = keepWorkers(broker);
  const job = (input: number) => ({ model: 'm', input, webhook: webhooks.url, cache: 'bypass' });
  const load = submitMany({ api: () => broker.url, count, job });
  for (const { kind, at } of kills) {
    await until(() => webhooks.jobs() >= at * count, 600_000);
    chaos.tell(`${webhooks.jobs()} of ${count} webhooks, killing a ${kind}`);
    if (kind === 'worker') await workers.killOne(chaos.random());
    else {
      await redis.kill();
      await redis.start();
    }
  }
  await load.done;
  const ids = load.acknowledged.map(({ id }) => id);
  const jobs = await endsOf(broker.url, ids, 120_000);
  await until(() => webhooks.jobs() >= count, 120_000).catch(() => undefined);
  const faults = check({ acknowledged: load.acknowledged, jobs, heard: webhooks.heard });
  const { doubled, ...others } = faults;
  const failed = [...jobs].filter(([, { status }]) => status === 'failed').map(([id]) => id);
  const unlogged = await missingInLog(broker, webhooks);
  const wrong = describeFaults({ ...others, failed, unlogged });
  const share = doubled.length / count;
  return finding(
    wrong === '' && ids.length === count && share <= MOST_DOUBLES,
    `${count} jobs, ${kills.length} kills: ${wrong || '0 lost, 0 stuck, 0 failed'}, ` +
      `${doubled.length} doubles (${(100 * share).toFixed(2)} %)`,
  );
}

/** Jobs whose log of deliveries has fewer attempts than the receiver got. */
async function missingInLog(broker: TestBroker, { heard }: WebhookLog): Promise<string[]> {
  const times = new Map<string, number>();
  for (const { job } of heard) times.set(job, (times.get(job) ?? 0) + 1);
  const left = [...times];
  const missing: string[] = [];
  const lane = async (): Promise<void> => {
    for (let entry = left.pop(); entry; entry = left.pop()) {
      const [id, count] = entry;
      const { body } = await ask(`${broker.url}/jobs/${id}/deliveries`);
      const log: unknown = Object(body).data;
      if (!Array.isArray(log) || log.length < count) missing.push(id);
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  return missing;
}

/** Spread over the whole: each at a part of the webhooks. */
function planKills(chaos: Chaos): { kind: 'worker' | 'redis'; at: number }[] {
  const workers = Array.from({ length: chaos.size(KILLS.worker) }, () => 'worker' as const);
  const redis = Array.from({ length: chaos.size(KILLS.redis) }, () => 'redis' as const);
  const kinds = [...workers, ...redis]
    .map((kind) => ({ kind, order: chaos.random() }))
    .toSorted((a, b) => a.order - b.order);
  return kinds.map(({ kind }, index) => ({
    kind,
    at: ((index + chaos.random()) / (kinds.length + 1)) * 0.95,
  }));
}
