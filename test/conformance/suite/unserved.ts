import type { ExecutionContext, TestFn } from 'ava';
import { createEvents } from '../../../shared/events.ts';
import type { RedisConnection } from '../../../shared/redis/connection.ts';
import { createDeliveryQueue } from '../../../shared/redis/delivery-queue.ts';
import { createKnownCodes } from '../../../shared/redis/known-codes.ts';
import { createOutbox } from '../../../shared/redis/outbox.ts';
import { createUnservedModels } from '../../../shared/redis/unserved-models.ts';
import { createUpkeep } from '../../../shared/redis/upkeep.ts';
import { createUnservedJobs } from '../../../workers/unserved-jobs.ts';
import { createSweeperWorld, pendingOutbox, WEBHOOK } from '../sweeper-world.ts';

const PATIENCE_MS = 60_000;

/** Tests that hold for the jobs of models that are gone, whatever Redis it is on. */
export function unserved(test: TestFn, connection: RedisConnection): void {
  test('jobs of a model that no worker serves end as model_unavailable in time, for all who wait for them', async (t) => {
    const { world, look, pass, submit, told, runs, deliveries } = await createUnservedWorld(t, connection);
    const id = await submit({ input: 1, webhook: WEBHOOK });
    const follower = await world.submit({ input: 1 });
    const delayed = await submit({ delay: 20 });
    await pass(20_000);
    await look();
    await pass(PATIENCE_MS / 2);
    await look();
    t.deepEqual([await world.status(id), await world.status(delayed)], ['queued', 'queued']);
    await pass(PATIENCE_MS / 2);
    await look();
    const job = await world.read(id);
    t.like(job.error, {
      error_type: 'model_unavailable',
      detail: `The model ${world.model.name}@1 is not served any more.`,
      retryable: true,
      attempt: 1,
    });
    t.is(await world.status(follower.id), 'failed');
    t.is(await world.status(delayed), 'failed');
    t.deepEqual([await runs.getJob(id), await runs.getJob(delayed)], [undefined, undefined]);
    t.truthy(await deliveries.getJob(`msg_${id}_${job.revision}`));
    t.is(await pendingOutbox(world), 0);
    t.deepEqual(
      (await world.traces()).filter((key) => !key.startsWith('jobs:')),
      [],
    );
    t.is(told.length, 1, 'the operator is told once');
    t.regex(
      told[0] ?? '',
      new RegExp(`No worker and no API has the model ${world.model.name}, .*models add`),
    );
  });

  test('what has not been due for so long waits on: a delayed job, one that has just come, one to be repeated', async (t) => {
    const { world, look, pass, submit, runs } = await createUnservedWorld(t, connection);
    const delayed = await submit({ delay: 3600 });
    const repeated = await submit();
    await world.putBack(await world.start(repeated));
    await (await runs.getJob(repeated))?.remove();
    await runs.add('run', {}, { jobId: repeated, delay: 3_600_000, priority: 1 });
    await look();
    await pass(PATIENCE_MS);
    const late = await submit();
    await look();
    for (const id of [delayed, repeated, late]) t.is(await world.status(id), 'queued');
    await pass(PATIENCE_MS);
    await look();
    t.is(await world.status(late), 'failed');
    t.is(await world.status(delayed), 'queued');
    t.is(await world.status(repeated), 'queued');
  });

  test('a model that is back in time goes on as if nothing had been, and has its time anew', async (t) => {
    const { world, look, pass, submit, models, told } = await createUnservedWorld(t, connection);
    const id = await submit();
    await look();
    await pass(PATIENCE_MS / 2);
    // What a worker says that serves it.
    await models.deny(new Set([world.code]));
    await pass(PATIENCE_MS / 2);
    await look();
    t.is(await world.status(id), 'queued');
    t.deepEqual(told, []);
    await world.succeed(await world.start(id));
    t.like(await world.read(id), { status: 'succeeded', attempts: 1 });
  });

  test('a run that a worker has in hand goes on; one whose worker died ends', async (t) => {
    const { world, look, pass, submit, work } = await createUnservedWorld(t, connection);
    const [held, lost] = [await submit(), await submit()];
    const worker = work(undefined, { autorun: false, lockDuration: 60_000 });
    await worker.getNextJob('it has it', { block: false });
    await worker.getNextJob('it died', { block: false });
    await Promise.all([world.start(held), world.start(lost)]);
    await connection.del(`${world.prefix}jobs:${lost}:lock`);
    await look();
    await pass(PATIENCE_MS);
    await look();
    t.deepEqual([await world.status(held), await world.status(lost)], ['running', 'failed']);
    const { history } = await connection.hgetall(`${world.prefix}job:${lost}`);
    t.deepEqual(
      history?.split('\n').map((line) => JSON.parse(line)[3]),
      ['worker_lost', 'model_unavailable'],
    );
  });

  test('for a model that an API takes jobs for no time counts: its workers may come back late', async (t) => {
    const { world, look, pass, submit, models } = await createUnservedWorld(t, connection);
    const id = await submit();
    await look();
    await models.vouch(new Set([world.code]));
    await pass(PATIENCE_MS);
    await look();
    t.is(await world.status(id), 'queued');
    await look();
    await pass(PATIENCE_MS);
    await look();
    t.is(await world.status(id), 'failed');
  });

  // Serial: other tests are APIs too.
  test.serial('while no API runs no time counts', async (t) => {
    const { world, look, lookWithoutApi, pass, submit } = await createUnservedWorld(t, connection);
    const id = await submit();
    await look();
    await pass(PATIENCE_MS);
    await connection.del('inferq:models-vouched');
    await lookWithoutApi();
    await look();
    t.is(await world.status(id), 'queued');
    await pass(PATIENCE_MS);
    await look();
    t.is(await world.status(id), 'failed');
  });

  test('a paused model that is gone is no exception; one that this worker serves is', async (t) => {
    const gone = await createUnservedWorld(t, connection);
    const served = await createUnservedWorld(t, connection, true);
    const ids = [await gone.submit(), await served.submit()];
    for (const { queue, world } of [gone, served]) await queue.pause(world.code, true);
    for (const { look } of [gone, served]) await look();
    for (const { pass } of [gone, served]) await pass(PATIENCE_MS);
    for (const { look } of [gone, served]) await look();
    const [first = '', second = ''] = ids;
    t.is(await gone.world.status(first), 'failed');
    t.is(await served.world.status(second), 'queued');
  });

  test('hundreds end in one look, those between them that are not due stay', async (t) => {
    const { world, look, pass, submit } = await createUnservedWorld(t, connection);
    const due = await Promise.all(Array.from({ length: 250 }, () => submit()));
    const delayed = await Promise.all(Array.from({ length: 150 }, () => submit({ delay: 3600 })));
    await look();
    await pass(PATIENCE_MS);
    const begun = performance.now();
    await Promise.all([look(), look()]);
    t.log(`250 of 400 in ${Math.round(performance.now() - begun)} ms, by two at once`);
    await look();
    const statuses = async (ids: string[]) => new Set(await Promise.all(ids.map((id) => world.status(id))));
    t.deepEqual(await statuses(due), new Set(['failed']));
    t.deepEqual(await statuses(delayed), new Set(['queued']));
  });

  test('while nobody waits for a model no time counts', async (t) => {
    const { world, look, pass, submit } = await createUnservedWorld(t, connection);
    const first = await submit();
    await look();
    await world.store.leave(first, 'canceled');
    await look();
    await pass(PATIENCE_MS);
    const second = await submit();
    await connection.hset(`${world.prefix}job:${second}`, 'queued', 1);
    await look();
    t.is(await world.status(second), 'queued');
    await pass(PATIENCE_MS);
    await look();
    t.is(await world.status(second), 'failed');
  });
}

/** A world whose model was served once, and by nobody now, or by the worker that looks. */
async function createUnservedWorld(t: ExecutionContext, connection: RedisConnection, isServed = false) {
  const sweeping = createSweeperWorld(t, connection);
  const { world, queue } = sweeping;
  const deliveryQueue = createDeliveryQueue(connection, raise);
  t.teardown(() => deliveryQueue.close());
  const knownCodes = createKnownCodes(connection);
  await knownCodes.add([world.model]);
  const models = createUnservedModels(connection);
  const events = createEvents();
  const told: string[] = [];
  events.on('model.unserved', ({ detail }) => told.push(detail));
  const jobs = createUnservedJobs({
    store: world.store,
    queue,
    outbox: createOutbox(connection, deliveryQueue),
    upkeep: createUpkeep(connection),
    unserved: models,
    knownCodes,
    codes: () => [world.code],
    inCare: () => [world.code],
    served: () => new Set(isServed ? [world.code] : []),
    events,
    worker: 'sweeper',
    onError: raise,
    patienceMs: PATIENCE_MS,
  });
  /** With an API that does not know the model. */
  async function look(): Promise<void> {
    await models.vouch(new Set());
    await jobs.look();
  }

  /** Lets so much time pass, for this model alone. */
  async function pass(ms: number): Promise<void> {
    await shift(connection, 'inferq:models-unserved', world.code, ms);
    const jobs = (await world.keys()).filter((key) => key.startsWith('job:'));
    await Promise.all(
      jobs.map(async (key) => {
        const { createdAt } = await world.read(key.slice('job:'.length));
        await connection.hsetnx(world.prefix + key, 'queued', createdAt);
        for (const field of ['queued', 'due']) await shift(connection, world.prefix + key, field, ms);
      }),
    );
    const delayed = `${world.prefix}jobs:delayed`;
    for (const run of await connection.zrange(delayed, '0', '-1'))
      await connection.zincrby(delayed, -ms * 4096, run);
  }

  return { ...sweeping, models, told, look, lookWithoutApi: jobs.look, pass };
}

function raise(error: unknown): never {
  throw error;
}

async function shift(connection: RedisConnection, key: string, field: string, ms: number): Promise<void> {
  const time = await connection.hget(key, field);
  if (time !== null) await connection.hset(key, field, Number(time) - ms);
}
