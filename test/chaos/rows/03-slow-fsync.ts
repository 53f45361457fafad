import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { check, describeFaults } from '../checker.ts';
import { describeRefusals, endsOf, submitMany } from '../client.ts';
import { startKeptRedis } from '../kept-redis.ts';
import { aofSize, losePower } from '../power-loss.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { findTracer, ONE_AOF, tracedRedis } from '../traced-redis.ts';

const SLOW = { from: 400, seconds: 3 };
const SPOILT = 3;

export const slowFsync: Row = {
  row: 3,
  injected: 'fsync slowed to 3 s under load, then `kill -9`, and what was not flushed cut off; 5 times',
  bar: '0 lost',
  deadline: 600,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const tracer = await findTracer();
  if (!tracer) return { figure: 'no strace to slow the flushes with', verdict: 'skipped' };
  const times = chaos.size(5);
  const redis = await startKeptRedis(chaos, ONE_AOF);
  const model = await startModel(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { retry: { attempts: 5, backoff: 0.1 } })],
    redis: redis.process(),
    env: { LOG_LEVEL: 'warn', INFERQ_LOCK_TIME: '5' },
  });
  const acknowledged: { key: string; id: string }[] = [];
  const refused = new Map<number, number>();
  let told = 0;
  // On a busy machine the flushes of a start may be all that are quick: such a round says nothing.
  for (let round = 0; told < times && round < times + SPOILT; round++) {
    chaos.tell(`round ${told + 1} of ${times}, ${acknowledged.length} accepted so far`);
    await redis.kill();
    const before = await aofSize(redis);
    await redis.start(await tracedRedis({ tracer, dir: redis.dir, slowFlushes: SLOW }));
    const load = submitMany({
      api: () => broker.url,
      keys: `round ${round}, job`,
      job: (input) => ({ model: 'm', input, cache: 'bypass' }),
      lanes: 8,
    });
    while ((load.refused.get(503) ?? 0) < 8) await sleep(50);
    await sleep(chaos.random() * 5000);
    const stopped = load.stop();
    await losePower(redis, before);
    await stopped;
    await redis.start();
    if (load.acknowledged.length > 0) told += 1;
    acknowledged.push(...load.acknowledged);
    for (const [status, count] of load.refused) refused.set(status, (refused.get(status) ?? 0) + count);
  }
  const jobs = await endsOf(
    broker.url,
    acknowledged.map(({ id }) => id),
    60_000,
  );
  const wrong = describeFaults(check({ acknowledged, jobs, heard: undefined }));
  return finding(
    wrong === '' && told === times,
    `${told} times: ${wrong || '0 lost, 0 stuck'} of ${acknowledged.length} accepted; while it was slow: ${describeRefusals(refused)}`,
  );
}
