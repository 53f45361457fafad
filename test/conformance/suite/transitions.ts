import {
  isLegal,
  isTerminal,
  STATUSES,
  TRANSITIONS,
  type JobEvent,
  type JobStatus,
} from '../../../shared/job-status.ts';
import type { StartedRun } from '../../../shared/ports.ts';
import type { JobWorld } from '../../support/job-world.ts';
import type { Suite } from './suite.ts';

export const transitions: Suite = (test, newWorld) => {
  for (const { event, from, to } of TRANSITIONS) {
    test(`“${event}” takes a job from ${from ?? 'nothing'} to ${to}`, async (t) => {
      const world = newWorld();
      t.is(await world.status(await EVENTS[event](world)), to);
    });
  }

  for (const from of STATUSES) {
    test(`a job that is ${from} goes nowhere but where the table says, whatever is tried`, async (t) => {
      for (const [name, attempt] of Object.entries(ATTEMPTS)) {
        const world = newWorld();
        const job = await BRING[from](world);
        t.is(await world.status(job.id), from);
        const before = await world.read(job.id);
        await attempt(world, job);
        const after = await world.read(job.id);
        t.true(after.status === from || isLegal(from, after.status), `${name}: ${from} → ${after.status}`);
        if (after.status === from && isTerminal(from))
          t.deepEqual({ ...after, expiresAt: before.expiresAt }, before, name);
      }
    });
  }
};

interface Brought {
  id: string;
  run: StartedRun | undefined;
}

async function queued(world: JobWorld): Promise<Brought> {
  const { id } = await world.submit({ input: 1, ttl: 60 });
  return { id, run: undefined };
}

async function running(world: JobWorld): Promise<Brought & { run: StartedRun }> {
  const { id } = await queued(world);
  return { id, run: await world.start(id) };
}

async function failed(world: JobWorld): Promise<Brought> {
  const job = await running(world);
  await world.fail(job.run);
  return job;
}

async function canceled(world: JobWorld): Promise<Brought> {
  const job = await running(world);
  await world.store.leave(job.id, 'canceled');
  return job;
}

async function expired(world: JobWorld): Promise<Brought> {
  const job = await queued(world);
  await world.runOut(job.id);
  await world.store.leave(job.id, 'expired');
  return job;
}

async function succeeded(world: JobWorld): Promise<Brought> {
  const job = await running(world);
  await world.succeed(job.run);
  return job;
}

const BRING: Record<JobStatus, (world: JobWorld) => Promise<Brought>> = {
  queued,
  running,
  succeeded,
  failed,
  canceled,
  expired,
};

/** Each row of the table, carried out; answers the job. */
const EVENTS: Record<JobEvent, (world: JobWorld) => Promise<string>> = {
  admit: async (world) => (await queued(world)).id,
  'join running': async (world) => {
    await running(world);
    return (await world.submit({ input: 1 })).id;
  },
  hit: async (world) => {
    await succeeded(world);
    return (await world.submit({ input: 1 })).id;
  },
  start: async (world) => (await running(world)).id,
  'start again': async (world) => {
    const { id } = await running(world);
    await world.start(id);
    return id;
  },
  'put back': async (world) => {
    const { id, run } = await running(world);
    await world.putBack(run);
    return id;
  },
  'hand over': async (world) => {
    const { run } = await running(world);
    const { id } = await world.submit({ input: 1 });
    await world.fail(run, 'handover');
    return id;
  },
  succeed: async (world) => (await succeeded(world)).id,
  fail: async (world) => (await failed(world)).id,
  'cancel queued': async (world) => {
    const { id } = await queued(world);
    await world.store.leave(id, 'canceled');
    return id;
  },
  'cancel running': async (world) => (await canceled(world)).id,
  expire: async (world) => (await expired(world)).id,
  'retry failed': async (world) => retried(world, await failed(world)),
  'retry canceled': async (world) => retried(world, await canceled(world)),
  'retry expired': async (world) => retried(world, await expired(world)),
};

async function retried(world: JobWorld, { id }: Brought): Promise<string> {
  await world.retry(id);
  return id;
}

/** Everything that could be tried on a job, by whoever holds an old token, the present one or a made-up one. */
const ATTEMPTS: Record<string, (world: JobWorld, job: Brought) => Promise<unknown>> = {
  'admit again': (world, { id }) => world.submit({ id, input: 1 }),
  start: (world, { id }) => world.store.start(id, 'worker'),
  'start a run of its own': (world, { id }) => world.store.start(`${id}~1`, 'worker'),
  succeed: (world, job) => world.succeed(tokenOf(job)),
  fail: (world, job) => world.fail(tokenOf(job)),
  'hand over': (world, job) => world.fail(tokenOf(job), 'handover'),
  'put back': (world, job) => world.putBack(tokenOf(job)),
  'succeed with a token to come': (world, job) => world.succeed(tokenOf(job, 1)),
  'fail with a token to come': (world, job) => world.fail(tokenOf(job, 1)),
  'put back with a token to come': (world, job) => world.putBack(tokenOf(job, 1)),
  'say something': (world, job) =>
    world.store.append(job.id, tokenOf(job).token, [{ kind: 'progress', data: '{"progress":1}' }]),
  cancel: (world, { id }) => world.store.leave(id, 'canceled'),
  'expire too early': (world, { id }) => world.store.leave(id, 'expired'),
  expire: async (world, { id }) => {
    await world.runOut(id);
    await world.store.leave(id, 'expired');
  },
  retry: (world, { id }) => world.retry(id),
};

function tokenOf({ id, run }: Brought, later = 0): StartedRun {
  const token = (run?.token ?? 0) + later;
  return run
    ? { ...run, token }
    : {
        run: id,
        token,
        startedAt: 0,
        jobId: id,
        spec: { mode: 'use', priority: 'normal', subject: 's', request_id: 'r', weight: 1 },
        input: '1',
        givenUp: false,
        told: [],
        tenant: 'acme',
        model: '',
        version: '',
        attempt: 1,
        spent: 0,
        waitedMs: 0,
      };
}
