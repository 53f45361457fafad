import test from 'ava';
import { servedSpecs } from '../../shared/models/served-specs.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { createRegistry } from '../../shared/models/registry.ts';
import { limitsOf } from '../../workers/model-limits.ts';

function limitsFor(...versions: string[]) {
  const models = versions.map(
    (more, at) =>
      `{name: m, version: "${at}", ${more.includes('protocol') ? '' : 'protocol: json, '}endpoints: [{url: "http://a/x"}]${more && `, ${more}`}}`,
  );
  const registry = createRegistry();
  registry.replace(servedSpecs(parseModelFile(`models: [${models.join(', ')}]`, 'm.yaml', {}), []));
  const [limits] = limitsOf(registry.list()).values();
  return { concurrency: limits?.concurrency, rate: limits?.rate };
}

test('of several versions the most that one of them allows holds for all, as they share a queue', (t) => {
  t.deepEqual(limitsFor('concurrency: 2', 'concurrency: 7', ''), { concurrency: 16, rate: undefined });
  t.deepEqual(limitsFor('rate: {limit: 10, window: 1}', 'rate: {limit: 60, window: 10}').rate, {
    limit: 10,
    window: 1,
  });
  t.is(limitsFor('rate: {limit: 10, window: 1}', '').rate, undefined);
});

test('there are as many runs as fill the calls, where the protocol has batches', (t) => {
  t.is(limitsFor('concurrency: 2, batch: {max_size: 8}').concurrency, 16);
  t.is(limitsFor('concurrency: 2, batch: {max_size: 8}, protocol: openai-chat').concurrency, 2);
});
