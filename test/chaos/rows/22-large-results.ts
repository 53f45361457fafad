import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { endsOf, submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const RESULT = 'r'.repeat(1_000_000);
const MOST = 1.3;

export const largeResults: Row = {
  row: 22,
  injected: '1,000 results of 1 MB',
  bar: 'Redis ≤ 1.3× their bytes',
  deadline: 400,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(1000);
  const model = await startModel(chaos, (_call, response) => answer(response, RESULT));
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 8, cache: { scope: 'off' } })],
    env: { LOG_LEVEL: 'warn' },
  });
  const redis = connect(broker.redisUrl, PATIENT);
  chaos.teardown(() => redis.disconnect());
  const used = async () => Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1]);
  const before = await used();
  const ids: string[] = [];
  // Not all at once: Redis' buffers for what is under way are no part of what it keeps.
  const load = submitMany({
    api: () => broker.url,
    count,
    lanes: 4,
    job: (input) => ({ model: 'm', input }),
  });
  await load.done;
  ids.push(...load.acknowledged.map(({ id }) => id));
  chaos.tell('all are accepted');
  const jobs = await endsOf(broker.url, ids, 240_000);
  const succeeded = [...jobs.values()].filter(({ status }) => status === 'succeeded').length;
  const ratio = ((await used()) - before) / (count * RESULT.length);
  return finding(
    succeeded === count && ratio <= MOST,
    `${succeeded} of ${count} results, Redis has ${ratio.toFixed(2)}× their bytes`,
  );
}
