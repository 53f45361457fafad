import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { until } from '../../support/until.ts';
import { ask, endsOf, idOf, submitOnce } from '../client.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

/** About as long as a submission takes. */
const WITHIN_MS = 25;

export const killedApi: Row = {
  row: 6,
  injected: 'API killed between enqueue and answer, 50 times; client repeats with its key',
  bar: 'exactly 1 job',
  deadline: 600,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const rounds = chaos.size(50);
  const model = await startModel(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url)],
    env: { LOG_LEVEL: 'warn' },
  });
  const counts: number[] = [];
  const ids: string[] = [];
  let between = 0;
  for (let round = 0; round < rounds; round++) {
    const proxy = await startTcpProxy(chaos, broker.redis.port);
    chaos.tell(`round ${round + 1} of ${rounds}, ${between} caught in between`);
    const api = await broker.startApi({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
    await ask(`${api.url}/healthz`);
    const job = { model: 'm', input: round, cache: 'bypass', metadata: { round: `round-${round}` } };
    // Every other time surely in between: Redis has the job, and the API does not hear of it.
    if (round % 2 === 0) proxy.holdAnswersAfter(`round-${round}`);
    const first = submitOnce(api.url, `round ${round}`, job);
    if (round % 2 === 0) await until(async () => (await countOf(broker.url, round)) > 0);
    else await sleep(chaos.random() * WITHIN_MS);
    api.kill();
    const known = await countOf(broker.url, round);
    if ((await first).status === 0 && known > 0) between += 1;
    ids.push(idOf(await submitOnce(broker.url, `round ${round}`, job)));
    counts.push(await countOf(broker.url, round));
  }
  const jobs = await endsOf(broker.url, ids, 60_000);
  const other = counts.filter((count) => count !== 1).length;
  const unfinished = [...jobs.values()].filter(({ status }) => status !== 'succeeded').length;
  return finding(
    other === 0 && unfinished === 0 && jobs.size === rounds && model.calls.length === rounds,
    `${rounds} kills, ${between} of them after the job was kept and before the answer: ${other} keys with other than one job, ` +
      `${unfinished} unfinished, ${model.calls.length} model calls`,
  );
}

async function countOf(api: string, round: number): Promise<number> {
  const { body } = await ask(`${api}/jobs?metadata.round=round-${round}`);
  return Object(body).data.length;
}
