import { setTimeout as sleep } from 'node:timers/promises';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { check, describeFaults } from '../checker.ts';
import { describeRefusals, endsOf, submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { startWebhookLog } from '../webhook-log.ts';

const RECOVERS_WITHIN_MS = 2000;
const FLUSH_EVERY_MS = 20;
const ENDS_WITHIN_MS = 180_000;

export const scriptFlush: Row = {
  row: 7,
  injected: '`SCRIPT FLUSH` every 20 ms while 3,000 jobs come and run',
  bar: 'recovers ≤ 2 s, no false 202',
  deadline: 300,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(3000);
  const model = await startModel(chaos);
  const webhooks = await startWebhookLog(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 50 })],
    env: { LOG_LEVEL: 'warn' },
  });
  const redis = connect(broker.redisUrl, PATIENT);
  chaos.teardown(() => redis.disconnect());
  const load = submitMany({
    api: () => broker.url,
    count,
    job: (input) => ({ model: 'm', input, cache: 'bypass', webhook: webhooks.url }),
  });
  let flushes = 0;
  const end = performance.now() + ENDS_WITHIN_MS;
  while (webhooks.jobs() < count && performance.now() < end) {
    await redis.script('FLUSH');
    flushes += 1;
    chaos.tell(`${flushes} flushes, ${webhooks.jobs()} of ${count} webhooks`);
    await sleep(FLUSH_EVERY_MS);
  }
  await load.done;
  const jobs = await endsOf(
    broker.url,
    load.acknowledged.map(({ id }) => id),
    30_000,
  );
  const failed = [...jobs].filter(([, { status }]) => status !== 'succeeded').map(([id]) => id);
  const faults = check({ acknowledged: load.acknowledged, jobs, heard: webhooks.heard });
  const wrong = describeFaults({ ...faults, failed });
  const slowest = Math.round(load.slowestMs());
  return finding(
    wrong === '' && jobs.size === count && slowest <= RECOVERS_WITHIN_MS,
    `${flushes} flushes, ${count} jobs: ${wrong || '0 lost, 0 failed, 0 doubles'}, ${describeRefusals(load.refused)}; ` +
      `the slowest was accepted after ${slowest} ms`,
  );
}
