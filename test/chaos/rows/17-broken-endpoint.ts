import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { endsOf, submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const OPENS_WITHIN_MS = 5000;
const MOST_CALLS = 1.1;
/** Their pauses double. */
const MOST_PROBES = 4;

export const brokenEndpoint: Row = {
  row: 17,
  injected: 'an endpoint fails 100 %, another is sound; 4,000 jobs',
  bar: 'calls ≤ 1.1× jobs after the breaker opens (≤ 5 s); falls over to the next endpoint',
  deadline: 300,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(4000);
  const times: number[] = [];
  const broken = await startModel(chaos, (_call, response) => {
    times.push(performance.now());
    answer(response, { error: 'no' }, 503);
  });
  const sound = await startModel(chaos);
  const endpoints = [{ url: broken.url }, { url: sound.url, priority: 1 }];
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', '', { endpoints, retry: { attempts: 3, backoff: 0.05 } })],
    env: { LOG_LEVEL: 'warn' },
  });
  const load = submitMany({
    api: () => broker.url,
    count,
    job: (input) => ({ model: 'm', input, cache: 'bypass' }),
  });
  await load.done;
  const jobs = await endsOf(
    broker.url,
    load.acknowledged.map(({ id }) => id),
    120_000,
  );
  const unfinished = [...jobs.values()].filter(({ status }) => status !== 'succeeded').length;
  const ratio = (broken.calls.length + sound.calls.length) / count;
  const late = times.filter((at) => at > (times[0] ?? 0) + OPENS_WITHIN_MS).length;
  return finding(
    unfinished === 0 && jobs.size === count && ratio <= MOST_CALLS && late <= MOST_PROBES,
    `${count} jobs, ${unfinished} not succeeded; ${ratio.toFixed(3)}× calls in all; the broken one got ${times.length}, ` +
      `${late} of them (probes) later than ${OPENS_WITHIN_MS / 1000} s after the first`,
  );
}
