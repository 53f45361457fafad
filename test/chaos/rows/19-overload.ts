import { setTimeout as sleep } from 'node:timers/promises';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { until } from '../../support/until.ts';
import { describeRefusals, submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

/** What the model can do: 6 at once, each 100 ms. */
const CONCURRENCY = 6;
const CALL_MS = 100;
const CAPACITY = (CONCURRENCY * 1000) / CALL_MS;
const TIMES = 10;
const LANES = 60;
const LEAST_GOODPUT = 0.9;
const MB = 1024 * 1024;
const MOST_GROWTH = 200 * MB;
const MOST_QUEUED = 300;

export const overload: Row = {
  row: 19,
  injected: '10× overload for 60 s',
  bar: 'memory bounded, goodput ≥ 90 % of the peak, only 429 and 503',
  deadline: 300,
  run,
};

const job = (input: number) => ({ model: 'm', input });

async function run(chaos: Chaos): Promise<Finding> {
  const seconds = chaos.size(60, 8);
  let ended = 0;
  const model = await startModel(chaos, async (call, response) => {
    await sleep(CALL_MS);
    ended += 1;
    answer(response, call.body);
  });
  const broker = await startTestBroker(chaos, {
    models: [
      jsonModel('m', model.url, {
        concurrency: CONCURRENCY,
        cache: { scope: 'off' },
        queue: { max_depth: MOST_QUEUED },
      }),
    ],
    env: { LOG_LEVEL: 'warn' },
  });
  const goodput = async (during: number) => {
    const before = ended;
    await sleep(during * 1000);
    return (ended - before) / during;
  };
  chaos.tell('measuring the peak');
  const steady = submitMany({ api: () => broker.url, job, lanes: 4, keys: 'steady' });
  await until(() => ended >= CAPACITY);
  const peak = await goodput(Math.max(4, seconds / 6));
  await steady.stop();
  const memory = await memoryOf(broker);
  // As many clients as it takes, each of them no more often than the machine is to be asked.
  const pauseMs = (LANES * 1000) / (TIMES * CAPACITY);
  const begun = performance.now();
  const flood = submitMany({
    api: () => broker.url,
    job,
    lanes: LANES,
    patient: false,
    pauseMs,
    keys: 'flood',
  });
  await sleep(1000);
  chaos.tell(`${TIMES}× overload for ${seconds} s; the peak was ${peak.toFixed(0)} jobs/s`);
  const under = await goodput(seconds);
  await flood.stop();
  const offered = (flood.acknowledged.length + total(flood.refused)) / ((performance.now() - begun) / 1000);
  const growth = (await memoryOf(broker)) - memory;
  const others = [...flood.refused.keys()].filter((status) => status !== 429 && status !== 503);
  return finding(
    under >= LEAST_GOODPUT * peak && growth <= MOST_GROWTH && others.length === 0 && total(flood.refused) > 0,
    `${offered.toFixed(0)} requests/s for ${seconds} s over a peak of ${peak.toFixed(1)} jobs/s (${(offered / peak).toFixed(1)}×): ` +
      `goodput ${((100 * under) / peak).toFixed(0)} %, memory of all processes +${(growth / MB).toFixed(0)} MB, ${describeRefusals(flood.refused)}`,
  );
}

function total(refused: ReadonlyMap<number, number>): number {
  return [...refused.values()].reduce((sum, count) => sum + count, 0);
}

/** Of API, worker and Redis together, in bytes. */
async function memoryOf(broker: TestBroker): Promise<number> {
  const redis = connect(broker.redisUrl, PATIENT);
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  redis.disconnect();
  const texts = await Promise.all(
    [...broker.apis, ...broker.workers].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  const resident = texts.map((text) =>
    Number(/^process_resident_memory_bytes(?:\{.*\})? (\S+)/m.exec(text)?.[1]),
  );
  return resident.reduce((sum, bytes) => sum + bytes, used);
}
