import { randomBytes } from 'node:crypto';
import { newJobId } from '../../../shared/redis/keys.ts';
import type { Suite } from './suite.ts';
import { createWorkQueue } from '../../../shared/redis/work-queue.ts';
import type { JobWorld, SubmitOptions } from '../../support/job-world.ts';

export const fairness: Suite = (test, newWorld) => {
  test('a flooding tenant is passed by a light one, in the order of their shares', async (t) => {
    const world = newWorld();
    const flood: number[] = [];
    for (let at = 0; at < 50; at++) flood.push(await priority(world, { tenant: 'flood' }));
    t.true(flood.every((value, at) => at === 0 || value > (flood[at - 1] ?? 0)));
    const light = await priority(world, { tenant: 'light' });
    t.true(light <= (flood[1] ?? 0), `${light} comes before all but the first of the flood`);
    const heavy = await priority(world, { tenant: 'weighty', weight: 10 });
    const next = await priority(world, { tenant: 'weighty', weight: 10 });
    t.true(next - heavy <= 1, 'ten jobs of weight 10 take the share of one');
    const urgent = await priority(world, { tenant: 'flood', priority: 'high' });
    t.true(urgent < (flood[0] ?? 0));
  });

  test('a model whose calls cost nothing, or much, is as fair as any', async (t) => {
    for (const cost of [0, 1e9]) {
      const world = newWorld(`, cost: ${cost}`);
      const first = await priority(world, {});
      const second = await priority(world, {});
      t.is(second - first, 1);
      t.is(await priority(world, { tenant: 'light' }), first);
    }
  });

  test('no weight is so small that a few jobs use up the priorities, and none so great that it is without end', async (t) => {
    const world = newWorld();
    const first = await priority(world, { weight: 1e-9 });
    const second = await priority(world, { weight: 1e-9 });
    t.is(second - first, 10);
    for (let at = 0; at < 1100; at++) await world.submit({ tenant: 'great', weight: 1e12 });
    t.true((await priority(world, { tenant: 'great', weight: 1e12 })) > first);
  });

  test('what is put back is not passed by those who came when the queue had run empty', async (t) => {
    const world = newWorld();
    const ids: string[] = [];
    for (let at = 0; at < 20; at++) ids.push((await world.submit()).id);
    const runs = [];
    for (const id of ids) runs.push(await world.start(id));
    for (const run of runs.slice(0, -1)) await world.succeed(run);
    const last = runs.at(-1) ?? t.fail();
    await world.putBack(last);
    t.true((await priority(world, {})) > 1000 + 19);
    await world.succeed(await world.start(last.run));
  });

  test('an urgent job takes the run that it joins along, a patient one does not hold it back', async (t) => {
    const world = newWorld();
    const queue = createWorkQueue(world.connection, (error) => t.fail(error.message));
    t.teardown(() => queue.close());
    const waiting = `${world.prefix}jobs:prioritized`;
    for (const options of [{ priority: 'low', input: 1 }, { input: 2 }, { input: 3 }] as const) {
      const { id, admission } = await world.submit(options);
      await queue.add(id, { priority: admission.kind === 'queued' ? admission.priority : 0, delayMs: 0 });
    }
    const before = await world.connection.zrange(waiting, '0', '-1');
    await world.submit({ input: 2, priority: 'low' });
    t.deepEqual(await world.connection.zrange(waiting, '0', '-1'), before);
    const urgent = await world.submit({ input: 1, priority: 'high' });
    const [first, ...others] = await world.connection.zrange(waiting, '0', '-1');
    t.deepEqual([first, others], [before[2], before.slice(0, 2)]);
    t.is((await world.read(urgent.id)).queue?.position, 1);
  });

  test('the place of a job in the queue is the number of runs before it, also while it is delayed', async (t) => {
    const world = newWorld();
    const queue = createWorkQueue(world.connection, (error) => t.fail(error.message));
    t.teardown(() => queue.close());
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) {
      const { id, admission } = await world.submit();
      await queue.add(id, { priority: admission.kind === 'queued' ? admission.priority : 0, delayMs: 0 });
      ids.push(id);
    }
    t.deepEqual(await Promise.all(ids.map(async (id) => (await world.read(id)).queue?.position)), [1, 2, 3]);
    const delayed = await world.submit({ delay: 60, priority: 'low' });
    t.is((await world.read(delayed.id)).queue?.position, 4);
  });

  test('a model without jobs forgets its clock and shares, and soon its rate; the next job keeps it', async (t) => {
    const world = newWorld();
    const state = `${world.prefix}state`;
    const fields = async () => (await world.connection.hkeys(state)).toSorted();
    const { id } = await world.submit();
    t.deepEqual(await fields(), ['*', 'clock', 's:normal:acme', 't:acme']);
    await world.succeed(await world.start(id));
    t.deepEqual(await fields(), ['busy', 'rate', 'rated']);
    const rest = await world.connection.pttl(state);
    t.true(rest > 290_000 && rest <= 300_000, `${rest}`);
    const next = await world.submit();
    t.is(await world.connection.pttl(state), -1);
    await world.store.leave(next.id, 'canceled');
    t.true((await world.connection.pttl(state)) > 0);
    t.is((await world.retry(next.id)).kind, 'queued');
    t.is(await world.connection.pttl(state), -1);
  });

  test('shares that the clock has used up are forgotten now and then, by chance of the id', async (t) => {
    const world = newWorld();
    const state = `${world.prefix}state`;
    const shares = async () =>
      Object.entries(await world.connection.hgetall(state)).filter(([field]) => field.startsWith('s:'));
    const start = async (tenant: string, forgets: boolean) => {
      const { id } = await world.submit({ tenant, id: idThat(forgets, world.code) });
      await world.succeed(await world.start(id));
    };
    await world.submit({ delay: 1000 });
    for (let at = 0; at < 20; at++) {
      await start(`tenant-${at}`, false);
      await start(`tenant-${at}`, false);
    }
    t.is((await shares()).length, 21);
    await start('tenant-19', true);
    const clock = Number(await world.connection.hget(state, 'clock'));
    const left = await shares();
    t.true(left.length > 0 && left.length < 21);
    for (const [field, share] of left) t.true(Number(share) > clock, field);
  });
};

async function priority(world: JobWorld, options: SubmitOptions): Promise<number> {
  const { admission } = await world.submit(options);
  return admission.kind === 'queued' ? admission.priority : Number.NaN;
}

/** One whose start looks for shares that are used up (start-run.lua), or one whose start does not. */
function idThat(forgets: boolean, code: string): string {
  for (;;) {
    const id = newJobId(code, Date.now(), randomBytes(16));
    if ([-1, -2].every((at) => (id.at(at) ?? '').charCodeAt(0) % 8 === 0) === forgets) return id;
  }
}
