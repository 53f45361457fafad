import test from 'ava';
import { createVouching } from '../../api/models/vouching.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { createRegistry } from '../../shared/models/registry.ts';
import { servedSpecs } from '../../shared/models/served-specs.ts';
import { until } from '../support/until.ts';

const MODELS = 'models: [{name: m, protocol: json, endpoints: [{url: "http://a/x"}]}]';

test('a model that Redis did not take note of is told of again, without a change of the models', async (t) => {
  const registry = createRegistry();
  registry.replace(servedSpecs(parseModelFile(MODELS, 'm.yaml', {}), []));
  const refused = new Error('OOM command not allowed');
  const faults: unknown[] = [];
  const noted: string[] = [];
  let isFull = true;
  const vouching = createVouching({
    registry,
    knownCodes: {
      async add(models) {
        if (isFull) throw refused;
        noted.push(...models.map(({ name }) => name));
      },
      list: async () => noted,
      names: async () => new Map(),
    },
    unserved: { suspect: async () => new Map(), deny: async () => undefined, vouch: async () => undefined },
    onError: (error) => faults.push(error),
  });
  t.teardown(() => vouching.stop());
  await vouching.start();
  await until(() => faults.length >= 2);
  isFull = false;
  await until(() => noted.includes('m'));
  t.true(faults.every((fault) => fault === refused));
});
