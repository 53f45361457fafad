import { setTimeout as sleep } from 'node:timers/promises';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { check, describeFaults } from '../checker.ts';
import { describeRefusals, endsOf, submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const ROOM = 64 * 1024 * 1024;
const INPUT = 'x'.repeat(20_000);
const OUTPUT = 'y'.repeat(2000);

export const fullMemory: Row = {
  row: 8,
  injected: 'Redis at `maxmemory`: 64 MB more than it needs, jobs of 20 kB faster than they run',
  bar: '503 early; all accepted jobs finish',
  deadline: 600,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const room = chaos.size(ROOM, 12 * 1024 * 1024);
  const model = await startModel(chaos, async (_call, response) => {
    await sleep(50);
    answer(response, OUTPUT);
  });
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 2, cache: { scope: 'off' } })],
    env: { LOG_LEVEL: 'warn' },
  });
  const redis = connect(broker.redisUrl, PATIENT);
  chaos.teardown(() => redis.disconnect());
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  await redis.config('SET', 'maxmemory', used + room);
  let input = 0;
  const load = submitMany({
    api: () => broker.url,
    patient: false,
    everyMs: 50,
    job: () => ({ model: 'm', input: [input++, INPUT] }),
  });
  const end = performance.now() + 300_000;
  while ((load.refused.get(503) ?? 0) < 100 && performance.now() < end) {
    chaos.tell(`${load.acknowledged.length} accepted, ${describeRefusals(load.refused)}`);
    await sleep(200);
  }
  await load.stop();
  // What is accepted has to end with the memory that there is.
  const jobs = await endsOf(
    broker.url,
    load.acknowledged.map(({ id }) => id),
    240_000,
  );
  const failed = [...jobs].filter(([, { status }]) => status === 'failed').map(([id]) => id);
  const wrong = describeFaults({
    ...check({ acknowledged: load.acknowledged, jobs, heard: undefined }),
    failed,
  });
  const others = [...load.refused.keys()].filter((status) => status !== 503);
  return finding(
    wrong === '' && others.length === 0 && (load.refused.get(503) ?? 0) > 0,
    `${jobs.size} accepted, then ${describeRefusals(load.refused)}: ${wrong || '0 lost, 0 stuck, 0 failed'}`,
  );
}
