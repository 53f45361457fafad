import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { startRedisSentinel } from '../../support/redis-sentinel.ts';
import { check, describeFaults } from '../checker.ts';
import { describeRefusals, endsOf, submitMany } from '../client.ts';
import { cutOff, nameReplication } from '../replication.ts';
import { finding, inPart, type Chaos, type Finding, type Row } from '../row.ts';

const CUT_MS = 1500;
const BACK_WITHIN_MS = 5000;
const REPLICAS = 2;

export const sentinel: Row = {
  row: 4,
  injected: 'Sentinel: replicas cut off 1.5 s, then master killed; 4 times',
  bar: '0 acknowledged lost in `replicated`; writes back ≤ 5 s',
  deadline: 600,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const times = chaos.size(4);
  const totals = { acknowledged: 0, duringCut: 0, slowestMs: 0 };
  const refused = new Map<number, number>();
  let wrong = '';
  for (let round = 0; round < times; round++) {
    chaos.tell(`failover ${round + 1} of ${times}, ${totals.acknowledged} accepted so far`);
    const seen = await inPart(chaos, failOver);
    totals.acknowledged += seen.acknowledged;
    totals.slowestMs = Math.max(totals.slowestMs, seen.backMs);
    for (const [status, count] of seen.refused) refused.set(status, (refused.get(status) ?? 0) + count);
    wrong ||= seen.wrong;
  }
  return finding(
    wrong === '' && totals.slowestMs <= BACK_WITHIN_MS,
    `${times} failovers, ${totals.acknowledged} accepted (${describeRefusals(refused)}): ${wrong || '0 lost, 0 stuck'}; ` +
      `writes back after ${(totals.slowestMs / 1000).toFixed(1)} s at most`,
  );
}

async function failOver(chaos: Chaos) {
  const redis = await startRedisSentinel({ replicas: REPLICAS, settings: { 'min-replicas-to-write': '1' } });
  chaos.teardown(() => redis.stop());
  await nameReplication(redis.nodes, REPLICAS);
  const model = await startModel(chaos);
  const master = await redis.master();
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { retry: { attempts: 5, backoff: 0.1 } })],
    redis: { ...master, url: redis.url },
    env: { INFERQ_DURABILITY: 'replicated', LOG_LEVEL: 'warn' },
  });
  const load = submitMany({
    api: () => broker.url,
    job: (input) => ({ model: 'm', input, cache: 'bypass' }),
  });
  await sleep(1000 + chaos.random() * 1000);
  await cutOff(master);
  await sleep(CUT_MS);
  await master.kill();
  const killedAt = Date.now();
  // What was on its way when it died may still be told as accepted; what comes now was not.
  const isBack = () => load.acknowledged.some(({ at }) => at > killedAt + 200);
  while (!isBack() && Date.now() < killedAt + 6 * BACK_WITHIN_MS) await sleep(20);
  const backMs = Date.now() - killedAt;
  await sleep(1000);
  await load.stop();
  const jobs = await endsOf(
    broker.url,
    load.acknowledged.map(({ id }) => id),
    60_000,
  );
  const wrong = describeFaults(check({ acknowledged: load.acknowledged, jobs, heard: undefined }));
  return { acknowledged: load.acknowledged.length, refused: load.refused, backMs, wrong };
}
