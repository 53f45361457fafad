import { randomBytes } from 'node:crypto';
import type { StartedRun } from '../../shared/ports.ts';
import { newJobId } from '../../shared/redis/keys.ts';
import { createUpkeep } from '../../shared/redis/upkeep.ts';
import { createWaiters } from '../../shared/redis/waiters.ts';
import type { JobWorld } from '../support/job-world.ts';
import type { Action } from './job-actions.ts';
import type { JobModel, ModelJob, ModelOutcome } from './job-model.ts';

/** Both sides of one step: what the store did and what the model says that it must. */
export interface Played {
  did: unknown;
  must: unknown;
}

/** Plays actions on the store and on the model. The same token is used at both. */
export function createJobPlayer(world: JobWorld, model: JobModel, replica: string) {
  const held: StartedRun[] = [];
  const late: StartedRun[] = [];
  const { store } = world;
  const waiters = createWaiters(world.connection);
  let outputs = 0;

  const anyJob = (pick: number): ModelJob | undefined => oneOf([...model.jobs.values()], pick);

  async function submit({
    inputs,
    tenant,
    mode,
    more,
  }: Extract<Action, { kind: 'submit' }>): Promise<Played> {
    const { ttl, delayed, waits, hooks } = more;
    const common = {
      tenant,
      mode,
      ...(ttl ? { ttl: 1000 } : {}),
      ...(delayed ? { delay: 0.001 } : {}),
      ...(waits ? { waiter: replica } : {}),
      ...(hooks.length > 0 ? { webhook: { url: 'https://example.org/hook', events: hooks } } : {}),
    };
    const jobs = inputs.map((input) => ({ id: newJobId(world.code, Date.now(), randomBytes(16)), input }));
    const submitted = await Promise.all(jobs.map((job) => world.submit({ ...common, ...job })));
    const must = jobs.map(({ id, input }) => {
      const key = mode === 'bypass' ? undefined : `${tenant}:${input}`;
      return model.submit({ id, tenant, key, mode, ...more });
    });
    return { did: submitted.map(({ admission }) => admission.kind), must };
  }

  async function start(id: string): Promise<Played> {
    const run = await store.start(id, 'worker');
    // Whoever had it before has lost it, and may not know it yet.
    const lost = held.findIndex((other) => other.run === id);
    if (lost >= 0) late.push(...held.splice(lost, 1));
    if (run) held.push(run);
    const must = model.start(id);
    const [first] = model.runs.get(id)?.jobs ?? [];
    return {
      did: run && { token: run.token, job: run.jobId, attempt: run.attempt },
      must: must && { token: must, job: first?.id, attempt: first?.attempts },
    };
  }

  async function settle(run: StartedRun, outcome: ModelOutcome, cached = true): Promise<Played> {
    const output = `output ${outputs++}`;
    const { kind } = await carryOut[outcome](run, output, cached ? 60_000 : 0);
    return { did: kind, must: model.settle(run.run, run.token, outcome, JSON.stringify(output), cached) };
  }

  const carryOut = {
    succeeded: (run: StartedRun, output: string, cacheTtlMs: number) =>
      world.succeed(run, output, cacheTtlMs),
    failed: (run: StartedRun) => world.fail(run),
    handover: (run: StartedRun) => world.fail(run, 'handover'),
    putback: (run: StartedRun) => world.putBack(run),
  };

  async function settleHeld({
    pick,
    outcome,
    cached,
  }: Extract<Action, { kind: 'settle' }>): Promise<Played | undefined> {
    const run = oneOf(held, pick);
    if (!run) return undefined;
    late.push(...held.splice(held.indexOf(run), 1));
    return settle(run, outcome, cached);
  }

  async function onJob(kind: Action['kind'], job: ModelJob): Promise<Played | undefined> {
    const { id } = job;
    if (kind === 'submit again') return { did: (await world.submit({ id })).admission.kind, must: 'exists' };
    if (kind === 'retry') return { did: (await world.retry(id)).kind, must: model.retry(id) };
    if (kind === 'wait') {
      const run = model.runs.get(job.run);
      if (run) {
        await waiters.add(run.id, replica, { starts: true });
        run.waited = true;
        run.read = true;
      }
    } else if (kind === 'run out' && job.ttl) {
      await world.runOut(id);
      job.overdue = true;
    }
    return undefined;
  }

  async function say(run: StartedRun): Promise<Played> {
    const did = await store.append(run.run, run.token, [{ kind: 'progress', data: '{"progress":0.5}' }]);
    return { did, must: model.runs.get(run.run)?.token === run.token };
  }

  async function expire(): Promise<Played> {
    const did: string[] = [];
    for await (const batch of createUpkeep(world.connection).expire(world.code))
      did.push(...batch.map(({ id }) => id));
    const must = [...model.jobs.keys()].filter((id) => model.leave(id, 'expired') === 'left');
    return { did: did.toSorted(), must: must.toSorted() };
  }

  return {
    /** Undefined where there was nothing to do it to. */
    async play(action: Action): Promise<Played | undefined> {
      switch (action.kind) {
        case 'submit':
          return submit(action);
        case 'start': {
          const run = oneOf([...model.runs.keys(), ...model.jobs.keys()], action.pick);
          return run === undefined ? undefined : start(run);
        }
        case 'settle':
          return settleHeld(action);
        case 'settle late': {
          const run = oneOf(late, action.pick);
          return run && settle(run, 'succeeded');
        }
        case 'say': {
          const run = oneOf([...held, ...late], action.pick);
          return run && say(run);
        }
        case 'leave': {
          const job = anyJob(action.pick);
          if (!job) return undefined;
          return {
            did: (await store.leave(job.id, action.reason)).kind,
            must: model.leave(job.id, action.reason),
          };
        }
        case 'expire':
          return expire();
        case 'forget scripts':
          await world.forgetScripts();
          break;
        case 'submit again':
        case 'retry':
        case 'run out':
        case 'wait': {
          const job = anyJob(action.pick);
          return job && onJob(action.kind, job);
        }
      }
      return undefined;
    },
    /** Sees every job to its end, step by step. */
    async *conclude(): AsyncGenerator<Played> {
      for (const id of model.runs.keys()) {
        yield await start(id);
        const run = held.find((other) => other.run === id);
        if (run) yield await settle(run, 'succeeded');
      }
    },
  };
}

function oneOf<T>(choices: readonly T[], pick: number): T | undefined {
  return choices[pick % choices.length];
}
