import test from 'ava';
import { createEvents } from '../../../shared/events.ts';
import { InferqError } from '../../../shared/errors.ts';
import { parseModelFile } from '../../../shared/models/model-file.ts';
import { createRegistry } from '../../../shared/models/registry.ts';
import { servedSpecs } from '../../../shared/models/served-specs.ts';
import type { EndpointReport } from '../../../shared/redis/endpoint-reports.ts';
import { createRouter } from '../../../workers/routing/router.ts';
import { createSharedStates } from '../../../workers/routing/shared-states.ts';
import { until } from '../../support/until.ts';

const MODELS = 'models: [{name: m, protocol: json, endpoints: [{url: "http://a/x"}]}]';
const refused = new InferqError('model_unavailable', 'no connection');
const unauthorized = new InferqError('model_error', 'answered 401', { upstream: 401 });
const unprocessable = new InferqError('model_error', 'answered 422', { upstream: 422 });

function onError(error: unknown): never {
  throw error;
}

function world() {
  const clock = { now: 1_000_000 };
  const registry = createRegistry();
  registry.replace(servedSpecs(parseModelFile(MODELS, 'm.yaml', {}), []));
  const router = createRouter({ events: createEvents(), now: () => clock.now, random: Math.random });
  const written: EndpointReport[] = [];
  const reports = {
    write: async (_code: string, _worker: string, said: readonly EndpointReport[]) =>
      void written.push(...said),
    read: async () => [],
  };
  const states = createSharedStates({
    registry,
    router,
    reports,
    worker: 'w',
    now: () => clock.now,
    onError,
  });
  const call = async (thrown?: InferqError) => {
    const [model] = registry.list();
    if (!model) throw new Error('There is a model');
    const signal = new AbortController().signal;
    const work = async () => {
      if (thrown) throw thrown;
    };
    await router.call(model, { spent: 0, signal }, work).catch(() => undefined);
    clock.now += 1;
    const [state] = router.statesOf(model);
    return state;
  };
  return { clock, written, states, call };
}

test('an endpoint whose last call failed is spoken of for an hour, with the failure', async (t) => {
  const { clock, written, states, call } = world();
  await call(refused);
  clock.now += 5 * 60_000;
  await states.start();
  t.teardown(() => states.stop());
  await until(async () => written.length > 0);
  t.like(written[0], { state: 'closed', error: 'no connection', failedAt: 1_000_000, answeredAt: 0 });
  clock.now += 60 * 60_000;
  written.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  t.is(written.length, 0);
});

test('an endpoint is failing where it, its address or its key is at fault, until it answers', async (t) => {
  const { call } = world();
  t.false((await call())?.failing());
  t.true((await call(refused))?.failing());
  t.false((await call(unprocessable))?.failing(), 'it answers, and the input is at fault');
  t.true((await call(unauthorized))?.failing());
  t.false((await call())?.failing());
});
