import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { debianCache } from '../../cli/local/clone.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import { startRedis } from '../../cli/local/redis-server.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { startReceiver } from '../webhooks/receiver.ts';

// INFERQ_CHAOS=whole: as many as the table of faults asks for. INFERQ_SEED: the same kills again.
const WHOLE = process.env['INFERQ_CHAOS'] === 'whole';
const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));

const SIZE = WHOLE
  ? { midPost: 50, jobs: 10_000, workerKills: 20, redisKills: 3 }
  : { midPost: 5, jobs: 600, workerKills: 3, redisKills: 1 };

/** mulberry32: small, and the same everywhere. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Asked again where Redis is being killed. */
async function logOf(broker: TestBroker, id: string): Promise<DeliveryRecord[]> {
  for (;;) {
    const { status, body } = await broker.request(`/jobs/${id}/deliveries`);
    if (status === 200) return Object(body).data;
    await sleep(100);
  }
}

test.serial(
  'a webhook worker that is killed in the middle of a POST leaves the delivery to another, under the same id',
  async (t) => {
    t.timeout(1_800_000);
    const model = await startScriptedModel();
    t.teardown(model.stop);
    const held = new Set<string>();
    const receiver = await startReceiver(t, (response, { body }) => {
      const { id }: { id: string } = JSON.parse(body).data;
      // The first time it has the message and has not said so yet.
      if (held.has(id)) response.writeHead(204).end();
      else held.add(id);
    });
    const broker = await startTestBroker(t, {
      models: [jsonModel('m', model.url)],
      env: { INFERQ_WORKER_ROLES: 'models', INFERQ_LOCK_TIME: '2' },
    });
    const only = { INFERQ_WORKER_ROLES: 'webhooks' };
    let sender = await broker.startWorker(only);
    for (let round = 0; round < SIZE.midPost; round++) {
      const id = await submit(broker, round, receiver.url);
      await until(() => held.has(id), 60_000);
      sender.kill();
      sender = await broker.startWorker(only);
      await until(async () => (await logOf(broker, id)).at(-1)?.outcome === 'delivered', 60_000);
      const got = receiver.received.filter(({ body }) => JSON.parse(body).data.id === id);
      t.is(got.length, 2, `round ${round}`);
      t.is(new Set(got.map(({ headers }) => headers['webhook-id'])).size, 1);
      t.deepEqual(
        (await logOf(broker, id)).map(({ attempt, outcome }) => [attempt, outcome]),
        [
          [1, 'lost'],
          [2, 'delivered'],
        ],
      );
    }
  },
);

test.serial(
  'each of many webhooks arrives at least once though workers and Redis are killed, and each attempt is in the log',
  async (t) => {
    t.timeout(1_800_000);
    t.log(`INFERQ_SEED=${seed}`);
    const random = randomFrom(seed);
    const model = await startScriptedModel();
    t.teardown(model.stop);
    const receiver = await startReceiver(t, (response) => setTimeout(() => response.writeHead(204).end(), 5));
    const { broker, killRedis } = await startKillableBroker(
      t,
      jsonModel('m', model.url, { concurrency: 100 }),
    );

    const senders = await Promise.all(
      [1, 2].map(() => broker.startWorker({ INFERQ_WORKER_ROLES: 'webhooks' })),
    );
    const ids: string[] = [];
    let submitting = true;
    const submissions = Array.from({ length: 20 }, async (_, lane) => {
      for (let at = lane; at < SIZE.jobs; at += 20) ids.push(await submit(broker, at, receiver.url));
    });
    const all = Promise.all(submissions).finally(() => (submitting = false));

    const arrived = () => new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
    const kills = [
      ...Array.from({ length: SIZE.workerKills }, () => 'worker'),
      ...Array.from({ length: SIZE.redisKills }, () => 'redis'),
    ].sort(() => random() - 0.5);
    for (const [index, kill] of kills.entries()) {
      // Spread over the whole: at so many deliveries, give or take a part.
      const when = Math.floor(((index + random()) / (kills.length + 1)) * SIZE.jobs);
      await until(() => arrived().size >= when || (!submitting && arrived().size >= SIZE.jobs), 600_000);
      if (kill === 'redis') await killRedis();
      else {
        senders.shift()?.kill();
        senders.push(await broker.startWorker({ INFERQ_WORKER_ROLES: 'webhooks' }));
      }
    }
    await all;
    await until(() => arrived().size >= SIZE.jobs, 600_000);

    t.is(new Set(ids).size, SIZE.jobs);
    const times = new Map<string, number>();
    for (const { body } of receiver.received) {
      const { id }: { id: string } = JSON.parse(body).data;
      times.set(id, (times.get(id) ?? 0) + 1);
    }
    let attempts = 0;
    for (const id of ids) {
      await until(async () => (await logOf(broker, id)).at(-1)?.outcome === 'delivered', 60_000);
      const log = await logOf(broker, id);
      attempts += log.length;
      if ((times.get(id) ?? 0) < 1) t.fail(`${id} never arrived`);
      if (log.length < (times.get(id) ?? 0))
        t.fail(`${id} arrived ${times.get(id)} times, the log has ${log.length}`);
    }
    const doubles = receiver.received.length - SIZE.jobs;
    t.log(
      `${SIZE.jobs} webhooks, ${SIZE.workerKills} workers and ${SIZE.redisKills} Redis killed: 0 lost, ${doubles} ` +
        `doubles (${((100 * doubles) / SIZE.jobs).toFixed(2)} %), ${attempts} attempts in the log for ` +
        `${receiver.received.length} at the receiver`,
    );
    // Each kill may double what was under way at once, and no more.
    t.true(doubles <= (SIZE.workerKills + 2 * SIZE.redisKills) * 60, `${doubles} doubles`);
  },
);

/** A broker whose Redis can be killed and comes back with its data. */
async function startKillableBroker(t: ExecutionContext, model: Record<string, unknown>) {
  const dir = await mkdtemp(path.join(tmpdir(), 'inferq-kills-'));
  const { command, env } = await findRedis({ cache: debianCache() });
  let redis = await startRedis({ command, env, dir });
  t.teardown(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const { port } = redis;
  const broker = await startTestBroker(t, {
    models: [model],
    redis,
    env: { INFERQ_WORKER_ROLES: 'models', INFERQ_LOCK_TIME: '3', LOG_LEVEL: 'warn' },
  });
  async function killRedis(): Promise<void> {
    await redis.kill();
    redis = await startRedis({ command, env, dir, port });
  }
  return { broker, killRedis };
}

/** Until it is accepted: with its key a repetition is the same job. */
async function submit(broker: TestBroker, input: number, webhook: string): Promise<string> {
  for (;;) {
    const answered = await broker
      .request('/jobs', {
        method: 'POST',
        json: { model: 'm', input, webhook, cache: 'bypass' },
        headers: { 'idempotency-key': `job-${input}` },
      })
      .catch(() => undefined);
    if (answered && answered.status < 300) return String(Object(answered.body).id);
    await sleep(100);
  }
}
