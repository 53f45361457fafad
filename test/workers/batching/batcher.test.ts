import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createEvents } from '../../../shared/events.ts';
import { parseModelFile } from '../../../shared/models/model-file.ts';
import { createRegistry, type Model } from '../../../shared/models/registry.ts';
import { servedSpecs } from '../../../shared/models/served-specs.ts';
import { UNTRACED } from '../../../shared/observe/trace-context.ts';
import { createBatcher, type BatchItem } from '../../../workers/batching/batcher.ts';
import { createRetryBudgets } from '../../../workers/routing/retry-budget.ts';
import { createRouter } from '../../../workers/routing/router.ts';
import { startedRun } from '../../support/started-run.ts';
import { until } from '../../support/until.ts';

const BATCH = 'concurrency: 16, batch: {max_size: 4}';

function modelWith(protocol: string): Model {
  const registry = createRegistry();
  const text = `models: [{name: m, protocol: ${protocol}, endpoints: [{url: "http://a/x"}], ${BATCH}}]`;
  registry.replace(servedSpecs(parseModelFile(text, 'm.yaml', {}), []));
  const [model] = registry.list();
  if (!model) throw new Error('There is a model');
  return model;
}

function itemOf(at: number, spent: number, prepared: unknown = at): BatchItem {
  return {
    run: startedRun({ run: `job_abc123_${at}`, spent, attempt: spent + 1 }),
    prepared,
    limits: { maxBytes: 1000, exact: new Map() },
    watch: {
      signal: new AbortController().signal,
      onPart: () => undefined,
      onEndpoint: () => undefined,
    },
  };
}

function makeBatcher(most: number, answerTo = (body: unknown): unknown => body) {
  const seen = { taken: 0, calls: 0, running: 0, atOnce: 0 };
  const events = createEvents();
  const batcher = createBatcher({
    caller: {
      async call({ request }) {
        seen.calls += 1;
        seen.running += 1;
        seen.atOnce = Math.max(seen.atOnce, seen.running);
        await sleep(10);
        seen.running -= 1;
        return answerTo(request.body);
      },
      close: async () => undefined,
    },
    router: createRouter({ events, now: Date.now, random: Math.random }),
    budgets: createRetryBudgets(Date.now),
    events,
    tracing: UNTRACED,
    random: Math.random,
    slots: {
      async take() {
        if (seen.taken >= most) return undefined;
        seen.taken += 1;
        return { renew: async () => undefined, release: async () => void (seen.taken -= 1) };
      },
    },
  });
  return { batcher, seen };
}

test('runs that go alone are counted like batches', async (t) => {
  const { batcher, seen } = makeBatcher(2);
  const model = modelWith('json');
  const items = Array.from({ length: 16 }, (_, at) => itemOf(at, at < 8 ? 1 : 0));
  const answers = await Promise.all(items.map(async (item) => batcher.call(model, item)));
  t.deepEqual(
    answers,
    items.map(({ prepared }) => prepared),
  );
  t.is(seen.atOnce, 2);
  t.is(seen.calls, 10);
  await until(() => seen.taken === 0);
});

for (const [protocol, input, answer] of [
  ['mlflow', { inputs: [[1]] }, { predictions: { label: ['a'], score: [0.5] } }],
  ['kserve-v1', { instances: [1, 2] }, { predictions: [[1]] }],
  ['open-inference-v2', { inputs: [tensor([1, 2])] }, { outputs: [tensor([3])] }],
] as const) {
  test(`${protocol}: a run with which no other goes gets what it would without batches`, async (t) => {
    const { batcher } = makeBatcher(2, () => answer);
    t.deepEqual(await batcher.call(modelWith(protocol), itemOf(1, 0, input)), answer);
  });
}

test('a completion with which no other goes is asked for as without batches, and streams', async (t) => {
  const asked: unknown[] = [];
  const { batcher } = makeBatcher(2, (body) => {
    asked.push(body);
    return { choices: [{ text: 'b' }], usage: { total_tokens: 2 } };
  });
  const output = await batcher.call(modelWith('openai-completions'), itemOf(1, 0, 'a'));
  t.deepEqual(output, { text: 'b', finish_reason: null, usage: { total_tokens: 2 } });
  t.like(asked[0], { prompt: 'a', stream: true });
});

test('json: a run with which no other goes is a list of one', async (t) => {
  const { batcher } = makeBatcher(2, (body) => [{ is: body }]);
  t.deepEqual(await batcher.call(modelWith('json'), itemOf(1, 0, 'a')), { is: ['a'] });
});

/** A row of so many, or so many rows. */
function tensor(shape: number[]): object {
  return { name: 'x', shape, datatype: 'FP32', data: Array.from({ length: shape.at(-1) ?? 0 }, () => 1) };
}

test('where the protocol has no batches, calls are BullMQ’s to count', (t) => {
  const { batcher } = makeBatcher(2);
  t.is(batcher.call(modelWith('openai-chat'), itemOf(1, 0)), undefined);
});
