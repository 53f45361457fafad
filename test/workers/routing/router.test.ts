import test from 'ava';
import { createEvents } from '../../../shared/events.ts';
import { InferqError } from '../../../shared/errors.ts';
import type { Endpoint } from '../../../shared/model.ts';
import { parseModelFile } from '../../../shared/models/model-file.ts';
import { createRegistry, type Model } from '../../../shared/models/registry.ts';
import { servedSpecs } from '../../../shared/models/served-specs.ts';
import { createRouter } from '../../../workers/routing/router.ts';

const NEVER = new AbortController().signal;
const down = new InferqError('model_unavailable', 'no connection');
const full = new InferqError('model_unavailable', 'no room', { upstream: 429, retryAfter: 60 });

function modelsOf(...specs: string[]): readonly Model[] {
  const registry = createRegistry();
  const text = `models: [${specs.map((spec) => `{name: m, protocol: json, ${spec}}`).join(', ')}]`;
  registry.replace(servedSpecs(parseModelFile(text, 'm.yaml', {}), []));
  return registry.list();
}

function modelAt(endpoints: string, more = ''): Model {
  const [model] = modelsOf(`endpoints: [${endpoints}]${more}`);
  if (!model) throw new Error('There is a model');
  return model;
}

const TWO = '{url: "http://a/x"}, {url: "http://b/x", priority: 1}';

function routerAt(clock = { now: 1_000_000 }) {
  const events = createEvents();
  const told: string[] = [];
  for (const name of ['endpoint.opened', 'endpoint.probed', 'endpoint.closed'] as const)
    events.on(name, ({ endpoint }) => told.push(`${name} ${endpoint}`));
  const router = createRouter({ events, now: () => clock.now, random: Math.random });
  const call = async (model: Model, work: (url: string) => unknown, spent = 0): Promise<unknown> =>
    router.call(model, { spent, signal: NEVER }, async ({ url }: Endpoint) => work(url));
  return { clock, told, router, call };
}

function failAt(url: string, error: InferqError) {
  return (called: string): string => {
    if (called === url) throw error;
    return called;
  };
}

test('after five failures calls go to the next priority, and after the pause one comes back', async (t) => {
  const { clock, told, call } = routerAt();
  const model = modelAt(TWO);
  for (let at = 0; at < 5; at++) await t.throwsAsync(call(model, failAt('http://a/x', down)), { is: down });
  t.is(await call(model, failAt('http://a/x', down)), 'http://b/x');
  clock.now += 1500;
  t.is(await call(model, (url) => url), 'http://a/x');
  t.deepEqual(told, [
    'endpoint.opened http://a/x',
    'endpoint.probed http://a/x',
    'endpoint.closed http://a/x',
  ]);
});

test('only one call is the probe; those beside it go elsewhere', async (t) => {
  const { clock, call } = routerAt();
  const model = modelAt(TWO);
  for (let at = 0; at < 5; at++) await t.throwsAsync(call(model, failAt('http://a/x', down)));
  clock.now += 1500;
  const probe = Promise.withResolvers<string>();
  const probing = call(model, (url) => (url === 'http://a/x' ? probe.promise : url));
  t.deepEqual(await Promise.all([1, 2, 3].map(() => call(model, (url) => url))), Array(3).fill('http://b/x'));
  probe.resolve('well');
  t.is(await probing, 'well');
});

test('with all out of order it throws without a call and says when the next probe is due', async (t) => {
  const { call } = routerAt();
  const model = modelAt('{url: "http://a/x?key=s3cret"}');
  for (let at = 0; at < 5; at++) await t.throwsAsync(call(model, () => Promise.reject(down)));
  const error = await t.throwsAsync(
    call(model, () => t.fail()),
    { instanceOf: InferqError },
  );
  t.like(error, { code: 'model_unavailable', upstream: 'unreachable' });
  t.true((error?.retryAfter ?? 0) >= 0.8 && (error?.retryAfter ?? 9) <= 1.2);
  // What an endpoint said to one client is not for another.
  t.notRegex(error?.message ?? '', /no connection/);
});

test('one without room is left alone for as long as it asked, and another one is called in the same attempt', async (t) => {
  const { clock, call } = routerAt();
  const model = modelAt(TWO);
  t.is(await call(model, failAt('http://a/x', full)), 'http://b/x');
  t.is(await call(model, (url) => url), 'http://b/x');
  clock.now += 60_000;
  t.is(await call(model, (url) => url), 'http://a/x');
  const alone = modelAt('{url: "http://c/x"}');
  await t.throwsAsync(call(alone, () => Promise.reject(full)));
  const error = await t.throwsAsync(
    call(alone, () => t.fail()),
    { instanceOf: InferqError },
  );
  t.like(error, { busy: true, retryAfter: 60 });
});

test('no more calls are under way than the concurrency; the next one waits for an end', async (t) => {
  const { call } = routerAt();
  const model = modelAt('{url: "http://a/x"}', ', concurrency: 2');
  const ends = [1, 2, 3].map(() => Promise.withResolvers<number>());
  const begun: number[] = [];
  const calls = ends.map(({ promise }, at) =>
    call(model, () => {
      begun.push(at);
      return promise;
    }),
  );
  await Promise.resolve();
  t.deepEqual(begun, [0, 1]);
  ends[0]?.resolve(1);
  t.is(await calls[0], 1);
  while (begun.length < 3) await new Promise(setImmediate);
  for (const { resolve } of ends) resolve(2);
  t.deepEqual(await Promise.all(calls), [1, 2, 2]);
});

test('of versions at one address the largest concurrency holds, whichever is called first', async (t) => {
  const { router, call } = routerAt();
  const endpoints = 'endpoints: [{url: "http://a/x"}]';
  const [one, two] = modelsOf(
    `version: "1", concurrency: 1, ${endpoints}`,
    `version: "2", concurrency: 3, ${endpoints}`,
  );
  if (!one || !two) throw new Error('There are two versions');
  router.sync([one, two]);
  await call(one, (url) => url);
  const end = Promise.withResolvers<void>();
  let begun = 0;
  const calls = [1, 2, 3, 4].map(() =>
    call(two, () => {
      begun += 1;
      return end.promise;
    }),
  );
  await new Promise(setImmediate);
  t.is(begun, 3);
  end.resolve();
  await Promise.all(calls);
});

test('an abort ends the waiting with its reason', async (t) => {
  const { router, call } = routerAt();
  const model = modelAt('{url: "http://a/x"}', ', concurrency: 1');
  const end = Promise.withResolvers<void>();
  const first = call(model, () => end.promise);
  const aborting = new AbortController();
  const second = router
    .call(model, { spent: 0, signal: aborting.signal }, async () => t.fail())
    .catch((thrown: unknown) => thrown);
  aborting.abort('abandoned');
  t.is(await second, 'abandoned');
  end.resolve();
  await first;
});

test('a report of another worker opens a circuit, unless a call went well here since', async (t) => {
  const { clock, router, call } = routerAt();
  const model = modelAt(TWO);
  const [state] = router.statesOf(model);
  const report = { id: state?.id ?? '', state: 'open' as const, error: 'no connection', at: clock.now };
  await call(model, (url) => url);
  state?.believe({ ...report, since: clock.now - 500, probeAt: clock.now + 500 });
  t.is(await call(model, (url) => url), 'http://a/x');
  state?.believe({ ...report, since: clock.now + 1, probeAt: clock.now + 500 });
  t.is(await call(model, (url) => url), 'http://b/x');
  clock.now += 100;
  state?.believe({ ...report, state: 'closed', since: clock.now, probeAt: 0 });
  t.is(await call(model, (url) => url), 'http://a/x');
});

test('endpoints that no model has any more are forgotten', (t) => {
  const { router } = routerAt();
  const model = modelAt(TWO);
  router.statesOf(model);
  router.sync([modelAt('{url: "http://b/x"}')]);
  t.deepEqual(
    [...router.states()].map(({ name }) => name),
    ['http://b/x'],
  );
});
