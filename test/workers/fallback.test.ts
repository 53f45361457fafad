import test from 'ava';
import { createTexts } from '../../shared/blobs/texts.ts';
import { createEvents } from '../../shared/events.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { createRegistry } from '../../shared/models/registry.ts';
import { servedSpecs } from '../../shared/models/served-specs.ts';
import { UNTRACED } from '../../shared/observe/trace-context.ts';
import { askFallback } from '../../workers/fallback.ts';
import { createRetryBudgets } from '../../workers/routing/retry-budget.ts';
import { createRouter } from '../../workers/routing/router.ts';
import { startedRun } from '../support/started-run.ts';
import { createTransforms } from '../../workers/transforms/transforms.ts';

const unused = async (): Promise<never> => {
  throw new Error('Nobody asks for this');
};

test('an input that cannot be read is the fallback’s failure, not the worker’s', async (t) => {
  const registry = createRegistry();
  const endpoints = 'endpoints: [{url: "http://a/x"}]';
  const text = `models: [{name: m, protocol: json, ${endpoints}, fallback: other}, {name: other, protocol: json, ${endpoints}}]`;
  registry.replace(servedSpecs(parseModelFile(text, 'm.yaml', {}), []));
  const model = registry.find('m');
  if (!model) throw new Error('There is a model');
  const events = createEvents();
  const parts = {
    registry,
    events,
    caller: { call: unused, close: unused },
    router: createRouter({ events, now: Date.now, random: Math.random }),
    budgets: createRetryBudgets(Date.now),
    tracing: UNTRACED,
    batcher: { call: unused },
    transforms: createTransforms(),
    // Without a store a blob cannot be read.
    texts: createTexts(undefined, {
      announce: unused,
      forget: unused,
      isHeld: unused,
      exists: unused,
      unheld: unused,
    }),
    maxOutput: 1000,
  };
  const run = startedRun({ input: { blob: 'abc123/x', bytes: 100_000 } });
  const standIn = await askFallback(parts, run, model, new AbortController().signal);
  t.is(standIn?.model, 'other@1');
  t.like(standIn?.result, { thrown: { code: 'storage_unavailable' } });
});
