import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { keyPrefix, modelCode } from '../../../shared/redis/keys.ts';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { startRedisCluster } from '../../support/redis-cluster.ts';
import { check, describeFaults } from '../checker.ts';
import { describeRefusals, endsOf, submitMany, type Submissions } from '../client.ts';
import { cutOff, nameReplication } from '../replication.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const PRIMARIES = 3;
const SLOTS = 16_384;
/** So that one is left to confirm what the successor takes. */
const REPLICAS = 2;
const CUT_MS = 500;
/** A job that is due in the meantime may start so late. */
const LATE_AT_MOST_MS = 3000;
const DELAY_S = 3;

export const cluster: Row = {
  row: 5,
  injected: 'Redis Cluster: the replicas of a primary cut off 0.5 s, then the primary killed',
  bar: 'jobs of other shards unaffected; 0 acknowledged lost in `replicated`',
  deadline: 300,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const settings = { 'min-replicas-to-write': '1', 'cluster-require-full-coverage': 'no' };
  const redis = await startRedisCluster(settings, { replicas: REPLICAS });
  chaos.teardown(() => redis.stop());
  await nameReplication(redis.nodes, PRIMARIES * REPLICAS);
  const [victim, other] = redis.nodes;
  if (!victim || !other) throw new TypeError('No nodes');
  const calledAt = new Map<unknown, number>();
  const model = await startModel(chaos, ({ body }, response) => {
    calledAt.set(body, Date.now());
    answer(response, body);
  });
  const names = Array.from({ length: 12 }, (_, at) => `model-${at}`);
  const broker = await startTestBroker(chaos, {
    models: names.map((name) => jsonModel(name, model.url, { retry: { attempts: 5, backoff: 0.1 } })),
    redis: { ...victim, url: redis.url },
    env: { INFERQ_DURABILITY: 'replicated', LOG_LEVEL: 'warn' },
  });
  const shards = await shardsOf(victim.url, names);
  const hit = names.find((_, at) => shards[at] === 0);
  const safe = names.find((_, at) => shards[at] !== 0);
  if (hit === undefined || safe === undefined) throw new TypeError('All models in one shard');
  const submit = (name: string): Submissions =>
    submitMany({
      api: () => broker.url,
      keys: name,
      lanes: 8,
      job: (input) => ({ model: name, input, cache: 'bypass' }),
    });
  const [ofHit, ofSafe] = [submit(hit), submit(safe)];
  await sleep(chaos.size(5000, 1500));
  chaos.tell('killing a primary');
  const due = submitMany({
    api: () => broker.url,
    count: chaos.size(200, 20),
    keys: 'due',
    job: (input) => ({ model: safe, input: `due ${input}`, cache: 'bypass', delay: DELAY_S }),
  });
  await due.done;
  await cutOff(victim);
  await sleep(CUT_MS);
  await victim.kill();
  const killedAt = Date.now();
  const isBack = () => ofHit.acknowledged.some(({ at }) => at > killedAt + 200);
  while (!isBack() && Date.now() < killedAt + 30_000) await sleep(20);
  const backMs = Date.now() - killedAt;
  await sleep(chaos.size(5000, 1000));
  await Promise.all([ofHit.stop(), ofSafe.stop()]);
  const acknowledged = [...ofHit.acknowledged, ...ofSafe.acknowledged, ...due.acknowledged];
  const jobs = await endsOf(
    broker.url,
    acknowledged.map(({ id }) => id),
    60_000,
  );
  const wrong = describeFaults(check({ acknowledged, jobs, heard: undefined }));
  const late = Math.max(
    ...due.acknowledged.map(({ key, at }) => (calledAt.get(key) ?? Infinity) - at - DELAY_S * 1000),
  );
  const others = [ofHit, ofSafe]
    .flatMap(({ refused }) => [...refused.keys()])
    .filter((status) => status !== 503);
  return finding(
    wrong === '' && others.length === 0 && late <= LATE_AT_MOST_MS && isBack(),
    `${acknowledged.length} accepted: ${wrong || '0 lost, 0 stuck'}; ${due.acknowledged.length} jobs of another shard that came due ` +
      `while it was dead ran ${Math.round(late)} ms late at most; submissions to others: ${describeRefusals(ofSafe.refused)}, ` +
      `to its own: ${describeRefusals(ofHit.refused)}, back after ${(backMs / 1000).toFixed(1)} s`,
  );
}

/** In which third of the slots the keys of each model are: that of the primary with this number. */
async function shardsOf(url: string, names: readonly string[]): Promise<number[]> {
  const client = new Redis(url);
  try {
    const slots = await Promise.all(
      names.map((name) => client.cluster('KEYSLOT', keyPrefix(modelCode(name)))),
    );
    return slots.map((slot) => Math.floor((slot * PRIMARIES) / SLOTS));
  } finally {
    client.disconnect();
  }
}
