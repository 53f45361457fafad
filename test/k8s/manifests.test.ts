import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { namesUnder, readDocument } from '../docs/document.ts';
import { accessFaults, namespaceFaults } from '../support/k8s/access.ts';
import { discoveryFaults } from '../support/k8s/discovery.ts';
import { environmentFaults } from '../support/k8s/environment.ts';
import { fieldFaults } from '../support/k8s/fields.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import {
  nameOf,
  ofKind,
  podLabels,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from '../support/k8s/manifest.ts';
import { modelsOf } from '../support/k8s/models.ts';
import { networkFaults } from '../support/k8s/network.ts';
import { containerRuleFaults, securityFaults } from '../support/k8s/pods.ts';
import { scalingFaults, stoppingFaults } from '../support/k8s/scaling.ts';
import { selectorFaults } from '../support/k8s/selectors.ts';
import { dataFaults, targetFaults } from '../support/k8s/targets.ts';
import { yamlWordFaults } from '../support/k8s/yaml-words.ts';
import { PLANTED_IN_DISCOVERY } from './planted/discovery.ts';
import { PLANTED_IN_OBJECTS } from './planted/objects.ts';
import { PLANTED_IN_PODS } from './planted/pods.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const brought = new Set(namesUnder(readDocument('docs/kubernetes.md'), '### Secrets that you bring'));

const RULES: Record<string, (objects: Manifest[]) => string[]> = {
  fields: fieldFaults,
  selectors: selectorFaults,
  targets: targetFaults,
  data: (objects) => dataFaults(objects, brought),
  security: securityFaults,
  containers: containerRuleFaults,
  access: accessFaults,
  namespace: namespaceFaults,
  network: networkFaults,
  scaling: scalingFaults,
  stopping: stoppingFaults,
  environment: environmentFaults,
  discovery: discoveryFaults,
};

for (const overlay of ['dev', 'production', 'multi-cluster', 'keda']) {
  test(`the overlay ${overlay} has no fault`, async (t) => {
    const objects = await render(overlay);
    for (const [name, rule] of Object.entries(RULES)) t.deepEqual(rule(objects), [], name);
  });
}

test('what the overlay dev serves are demo models of the examples, from a server that is there', async (t) => {
  const objects = await render('dev');
  const workers = workloads(objects).filter(
    (workload) => podLabels(workload)['app.kubernetes.io/component'] === 'worker',
  );
  const served = workers.flatMap((worker) => modelsOf(worker, objects));
  t.deepEqual(served.map(({ name }) => name).sort(), ['language-id', 'moby']);
  const examples = parseModelFile(readDocument('examples/models/models.yaml'), 'models.yaml', {
    DEMO_MODELS_URL: 'http://demo-models:9001',
  });
  for (const spec of served)
    t.deepEqual(
      spec,
      examples.find(({ name }) => name === spec.name),
    );
  const [service] = ofKind(objects, 'Service').filter((object) => nameOf(object) === 'demo-models');
  t.is(textAt(service, 'spec', 'ports', '0', 'port'), '9001');
});

test('no manifest holds a word that YAML 1.1 reads as another', async (t) => {
  const files: string[] = [];
  for await (const file of glob('k8s/**/*.yaml', { cwd: ROOT })) files.push(file);
  t.true(files.length > 30);
  for (const file of files)
    t.deepEqual(yamlWordFaults(await readFile(path.join(ROOT, file), 'utf8')), [], file);
  for (const word of ['on', 'No', 'y', '0755', '0o7', '12:30:00'])
    t.is(yamlWordFaults(`a: ${word}\nb: '${word}'`).length, 1, word);
  t.deepEqual(yamlWordFaults('a: 1.5\nb: none\nc: 10\nd: true'), []);
});

const PLANTS = [...PLANTED_IN_OBJECTS, ...PLANTED_IN_PODS, ...PLANTED_IN_DISCOVERY];

for (const [index, { rule, overlay = 'production', object: title, change, fault }] of PLANTS.entries()) {
  test(`planted fault ${index + 1}: the rule of ${rule} sees ${title}: ${fault.source}`, async (t) => {
    const objects = await render(overlay);
    const object = objects.find(
      (each) => titleOf(each) === title || titleOf(each).replace(/-[a-z0-9]{10}$/, '') === title,
    );
    if (object === undefined) throw new Error(`${title} is not there`);
    change(object, objects);
    const faults = RULES[rule]?.(objects) ?? [];
    t.true(
      faults.some((text) => fault.test(text)),
      JSON.stringify(faults),
    );
  });
}

test('each rule is proven by a fault', (t) => {
  t.deepEqual([...new Set(PLANTS.map(({ rule }) => rule))].sort(), Object.keys(RULES).sort());
});

const rendered = new Map<string, Promise<Manifest[]>>();

/** A copy that may be changed. */
async function render(overlay: string): Promise<Manifest[]> {
  const objects = rendered.get(overlay) ?? renderKustomization(path.join(ROOT, 'k8s/overlays', overlay));
  rendered.set(overlay, objects);
  return structuredClone(await objects);
}
