import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createEvents } from '../../shared/events.ts';
import { createRegistry } from '../../shared/models/registry.ts';
import type { Outcome } from '../../shared/ports.ts';
import { createClaims, type Claims } from '../../shared/redis/claims.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import type { BreakController } from '../../workers/break-signal.ts';
import { createModelWorkers } from '../../workers/model-workers.ts';
import type { Hold, Verdict } from '../../workers/process-run.ts';
import { createRoom } from '../../workers/room.ts';
import { createBullWorld } from '../conformance/bull-world.ts';
import { createJobWorld } from '../support/job-world.ts';
import { until } from '../support/until.ts';

const DONE: Outcome = { kind: 'succeeded', output: '{}', attempt: '[1,0,1,"succeeded"]', cacheTtlMs: 0 };

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

interface OpenOptions {
  claims?: (own: Claims) => Claims;
  process: (run: string, breakOff: BreakController, hold: Hold) => Promise<Verdict>;
  concurrency?: number;
  /** Of the model's spec. */
  more?: string;
}

/** The workers of one model, over a Redis of which they know nothing else. */
async function open(
  t: ExecutionContext,
  { process, concurrency = 1, claims = (own) => own, more }: OpenOptions,
) {
  const world = createJobWorld(connection, more);
  const bull = createBullWorld(world);
  t.teardown(() => bull.close());
  const registry = createRegistry();
  registry.replace([{ spec: world.model, source: 'file', draining: false }]);
  const models = createModelWorkers({
    connection,
    registry,
    claims: claims(createClaims(connection, { worker: 'worker', lockMs: 30_000 })),
    room: createRoom(),
    process,
    events: createEvents(),
    concurrency,
    lockTime: 30,
    name: 'worker',
  });
  await models.sync();
  t.teardown(() => models.stop(1000));
  return { world, bull, models };
}

test('a run that is abandoned before its worker has heard that it has it is broken off', async (t) => {
  const seen = Promise.withResolvers<unknown>();
  const { world, models } = await open(t, {
    claims: (own) => ({
      ...own,
      async take(code, terms) {
        const claim = await own.take(code, terms);
        // The word comes over another connection, and may be read first.
        if (claim.run !== undefined) models.abandon(claim.run);
        return claim;
      },
    }),
    process: async (_run, { signal }) => {
      seen.resolve(signal.reason);
      return { kind: 'done' };
    },
  });
  await world.submit({ handOver: true });
  t.is(await seen.promise, 'abandoned');
});

test('a worker that has taken the last run does not look for another one before it sees to it', async (t) => {
  const takes: string[] = [];
  const { world } = await open(t, {
    concurrency: 10,
    claims: (own) => ({
      ...own,
      async take(code, terms) {
        const claim = await own.take(code, terms);
        takes.push(claim.run ?? 'none');
        return claim;
      },
    }),
    process: async (_run, _breakOff, { begun, settle }) => {
      if (typeof begun === 'object') await settle(begun.run, begun.token, DONE);
      return { kind: 'done' };
    },
  });
  // It looks, finds nothing, and waits.
  await until(() => takes.length > 0);
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) {
    const { id } = await world.submit({ handOver: true });
    ids.push(id);
    await until(async () => (await world.status(id)) === 'succeeded');
  }
  t.deepEqual(takes.slice(1), ids);
});

test('whatever comes while a worker looks no further is taken at once', async (t) => {
  const started = new Map<string, number>();
  const { world } = await open(t, {
    concurrency: 3,
    process: async (run, _breakOff, { begun, settle }) => {
      started.set(run, Date.now());
      await sleep(Math.random() * 3);
      if (typeof begun === 'object') await settle(begun.run, begun.token, DONE);
      return { kind: 'done' };
    },
  });
  const submitted = new Map<string, number>();
  for (let count = 0; count < 300; count++) {
    const { id } = await world.submit({ handOver: true });
    submitted.set(id, Date.now());
    if (Math.random() < 0.7) await sleep(Math.random() * 4);
  }
  await until(() => started.size === 300);
  const longest = Math.max(...[...submitted].map(([id, at]) => (started.get(id) ?? Infinity) - at));
  // One that no marker told of would wait for BullMQ's next look, five seconds.
  t.true(longest < 2500, `${longest} ms`);
});

test('a delay of less than a second is no longer than that', async (t) => {
  const started = new Map<string, number>();
  const { bull } = await open(t, {
    process: async (run) => {
      started.set(run, Date.now());
      return { kind: 'done' };
    },
  });
  const late: number[] = [];
  for (let count = 0; count < 3; count++) {
    const due = Date.now() + 150;
    const id = await bull.submit({ delay: 0.15 });
    await until(() => started.has(id));
    late.push((started.get(id) ?? 0) - due);
  }
  // Rounded up to whole seconds each would be 850 ms late.
  t.true(Math.min(...late) < 600, `${late.join(', ')} ms`);
});

test('who is rate limited looks again when the time has come, also where its run was canceled', async (t) => {
  const started = new Map<string, number>();
  const { world, models } = await open(t, {
    more: ', concurrency: 1, rate: {limit: 1, window: 1}',
    process: async (run, { signal }, { begun, settle }) => {
      started.set(run, Date.now());
      if (started.size === 1)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      else if (typeof begun === 'object') await settle(begun.run, begun.token, DONE);
      return { kind: 'done' };
    },
  });
  const first = await world.submit({ handOver: true });
  await until(() => started.has(first.id));
  const second = await world.submit({ handOver: true });
  await world.store.leave(first.id, 'canceled');
  models.abandon(first.id);
  await until(() => started.has(second.id));
  const after = (started.get(second.id) ?? 0) - (started.get(first.id) ?? 0);
  t.true(after < 3000, `${after} ms`);
});

test('a place that a run leaves to try again later is given to the next one', async (t) => {
  const started = new Map<string, number>();
  const gates = new Map<string, PromiseWithResolvers<'ends' | 'again'>>();
  let submittedAt = 0;
  let late = '';
  const { world, models } = await open(t, {
    more: ', concurrency: 2',
    concurrency: 10,
    process: async (run, _breakOff, { begun, settle }) => {
      if (typeof begun !== 'object') return { kind: 'done' };
      started.set(run, Date.now());
      const gate = Promise.withResolvers<'ends' | 'again'>();
      gates.set(run, gate);
      if ((await gate.promise) === 'ends') {
        await settle(begun.run, begun.token, DONE);
        return { kind: 'done' };
      }
      await settle(begun.run, begun.token, { kind: 'putback', attempt: '', counts: true });
      // Before BullMQ has it back: the model is still full, so nobody is told of this one.
      ({ id: late } = await world.submit({ handOver: true }));
      submittedAt = Date.now();
      return { kind: 'again', delayMs: 4000 };
    },
  });
  const submit = async () => (await world.submit({ handOver: true })).id;
  const [first, second] = [await submit(), await submit()];
  await until(() => gates.size === 2);
  const third = await submit();
  // In one turn: one is put back, the other ends and takes the third, which is the last.
  gates.get(first)?.resolve('again');
  gates.get(second)?.resolve('ends');
  await until(() => started.has(third) && late !== '');
  await until(() => started.has(late));
  const waited = (started.get(late) ?? 0) - submittedAt;
  for (const gate of gates.values()) gate.resolve('ends');
  await models.stop(1000);
  t.true(waited < 2000, `${waited} ms`);
});
