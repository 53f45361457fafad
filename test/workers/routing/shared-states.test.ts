import test from 'ava';
import { startTemporaryRedis } from '../../../cli/local/temporary-redis.ts';
import { createEvents } from '../../../shared/events.ts';
import { InferqError } from '../../../shared/errors.ts';
import { parseModelFile } from '../../../shared/models/model-file.ts';
import { createRegistry } from '../../../shared/models/registry.ts';
import { servedSpecs } from '../../../shared/models/served-specs.ts';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { createEndpointReports, type EndpointReport } from '../../../shared/redis/endpoint-reports.ts';
import { redisTime } from '../../../shared/redis/redis-time.ts';
import type { EndpointState } from '../../../workers/routing/endpoint-state.ts';
import { createRouter } from '../../../workers/routing/router.ts';
import {
  createSharedStates,
  type SharedStates,
  type SharedStatesParts,
} from '../../../workers/routing/shared-states.ts';
import { until } from '../../support/until.ts';

const MODELS = 'models: [{name: m, protocol: json, endpoints: [{url: "http://a/x"}]}]';
/** So many ms before the clock of the worker. */
const REDIS_AHEAD = 7000;
const refused = new InferqError('model_unavailable', 'no connection');
const unauthorized = new InferqError('model_error', 'answered 401', { upstream: 401 });
const unprocessable = new InferqError('model_error', 'answered 422', { upstream: 422 });

function onError(error: unknown): never {
  throw error;
}

/** One that serves a model with one endpoint. */
function createWorker(
  name: string,
  parts: Pick<SharedStatesParts, 'reports' | 'now' | 'redisNow'>,
): { states: SharedStates; state: () => EndpointState; call: (thrown?: InferqError) => Promise<void> } {
  const registry = createRegistry();
  registry.replace(servedSpecs(parseModelFile(MODELS, 'm.yaml', {}), []));
  const [model] = registry.list();
  if (!model) throw new Error('There is a model');
  const router = createRouter({ events: createEvents(), now: parts.now, random: Math.random });
  const { signal } = new AbortController();
  return {
    states: createSharedStates({ registry, router, worker: name, onError, ...parts }),
    state() {
      const [state] = router.statesOf(model);
      if (!state) throw new Error('The model has an endpoint');
      return state;
    },
    async call(thrown) {
      const work = async () => {
        if (thrown) throw thrown;
      };
      await router.call(model, { spent: 0, signal }, work).catch(() => undefined);
    },
  };
}

function world() {
  const clock = { now: 1_000_000 };
  const written: EndpointReport[] = [];
  const reports = {
    write: async (_code: string, _worker: string, said: readonly EndpointReport[]) =>
      void written.push(...said),
    read: async () => [],
  };
  const now = () => clock.now;
  const worker = createWorker('w', { reports, now, redisNow: async () => clock.now + REDIS_AHEAD });
  const call = async (thrown?: InferqError) => {
    await worker.call(thrown);
    clock.now += 1;
    return worker.state();
  };
  return { clock, written, states: worker.states, call };
}

test('an endpoint whose last call failed is spoken of for an hour, with the failure', async (t) => {
  const { clock, written, states, call } = world();
  await call(refused);
  clock.now += 5 * 60_000;
  await states.start();
  t.teardown(() => states.stop());
  await until(async () => written.length > 0);
  const failedAt = 1_000_000 + REDIS_AHEAD;
  t.like(written[0], { state: 'closed', error: 'no connection', failedAt, answeredAt: 0 });
  clock.now += 60 * 60_000;
  written.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  t.is(written.length, 0);
});

test('an endpoint is failing where it, its address or its key is at fault, until it answers', async (t) => {
  const { call } = world();
  t.false((await call()).failing());
  t.true((await call(refused)).failing());
  t.false((await call(unprocessable)).failing(), 'it answers, and the input is at fault');
  t.true((await call(unauthorized)).failing());
  t.false((await call()).failing());
});

for (const [how, wrongByMs] of [
  ['fast', 600_000],
  ['slow', -600_000],
] as const)
  test(`what a worker with a ${how} clock has found is known to the others, and as of when`, async (t) => {
    const redis = await startTemporaryRedis();
    const connection = connect(redis.url, PATIENT);
    t.teardown(async () => {
      await connection.quit();
      await redis.stop();
    });
    const reports = createEndpointReports(connection);
    const redisNow = () => redisTime(connection);
    const right = createWorker('right', { reports, redisNow, now: Date.now });
    const wrong = createWorker('wrong', { reports, redisNow, now: () => Date.now() + wrongByMs });
    for (const { states } of [right, wrong]) {
      await states.start();
      t.teardown(() => states.stop());
    }
    // One that is failing is spoken of, however long the rest takes; it takes more than one failure to be out of order.
    await right.call(refused);
    for (let time = 0; time < 5; time++) await wrong.call(refused);
    await until(() => right.state().condition().health !== 'up');
    const waitMs = right.state().condition().probeAt - Date.now();
    t.true(Math.abs(waitMs) < 60_000, `${waitMs} ms until it is tried again`);
  });
