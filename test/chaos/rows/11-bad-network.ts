import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { check, describeFaults } from '../checker.ts';
import { describeRefusals, endsOf, submitMany, submitOnce } from '../client.ts';
import { startKeptRedis } from '../kept-redis.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { startWebhookLog } from '../webhook-log.ts';

const ROUND_TRIP_MS = 200;
const RESET_EVERY_MS = 5000;
const NOTICED_WITHIN_MS = 30_000;

export const badNetwork: Row = {
  row: 11,
  injected: '200 ms latency to Redis, connections reset every 5 s, for 60 s; then a silent blackhole',
  bar: '0 lost; hole noticed ≤ 30 s',
  deadline: 400,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const seconds = chaos.size(60, 11);
  const redis = await startKeptRedis(chaos);
  const proxy = await startTcpProxy(chaos, redis.port);
  const model = await startModel(chaos);
  const webhooks = await startWebhookLog(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { retry: { attempts: 5, backoff: 0.1 } })],
    redis: { ...redis.process(), url: `redis://127.0.0.1:${proxy.port}` },
    env: { LOG_LEVEL: 'warn' },
  });
  proxy.delayMs = ROUND_TRIP_MS / 2;
  const load = submitMany({
    api: () => broker.url,
    job: (input) => ({ model: 'm', input, cache: 'bypass', webhook: webhooks.url }),
    lanes: 10,
  });
  for (let passed = 0; passed < seconds * 1000; passed += RESET_EVERY_MS) {
    chaos.tell(`${passed / 1000} of ${seconds} s, ${load.acknowledged.length} accepted`);
    await sleep(RESET_EVERY_MS);
    proxy.reset();
  }
  await load.stop();
  proxy.delayMs = 0;
  const jobs = await endsOf(
    broker.url,
    load.acknowledged.map(({ id }) => id),
    60_000,
  );
  const noticed = await timeThroughHole(broker.url, () => proxy.swallow());
  const { doubled, ...faults } = check({ acknowledged: load.acknowledged, jobs, heard: webhooks.heard });
  const wrong = describeFaults({ ...faults, unheard: [], foreign: unknown(faults.foreign, load.refused) });
  return finding(
    wrong === '' && noticed <= NOTICED_WITHIN_MS && jobs.size > 0,
    `${jobs.size} accepted in ${seconds} s (${describeRefusals(load.refused)}): ${wrong || '0 lost, 0 stuck'}, ` +
      `${doubled.length} doubles; through the hole a job ended after ${(noticed / 1000).toFixed(1)} s`,
  );
}

/** A submission whose answer was lost may have made a job that nobody was told of. */
function unknown(foreign: readonly string[], refused: ReadonlyMap<number, number>): readonly string[] {
  return refused.size > 0 ? [] : foreign;
}

/** From when the connections fall silent until a job that is submitted then has ended. */
async function timeThroughHole(api: string, fall: () => void): Promise<number> {
  fall();
  const begun = performance.now();
  for (;;) {
    const reply = await submitOnce(
      api,
      'hole',
      { model: 'm', input: 'hole', cache: 'bypass' },
      { prefer: 'wait=1' },
    );
    const passed = performance.now() - begun;
    if (reply.status === 200 || passed > 2 * NOTICED_WITHIN_MS) return passed;
    await sleep(100);
  }
}
