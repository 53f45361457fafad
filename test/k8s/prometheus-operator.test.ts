import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { fieldFaults } from '../support/k8s/fields.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import {
  at,
  containersOf,
  isMap,
  listAt,
  ofKind,
  podLabels,
  textAt,
  titleOf,
  workloads,
} from '../support/k8s/manifest.ts';
import { picks } from '../support/k8s/selectors.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const objects = await renderKustomization(path.join(ROOT, 'k8s/components/prometheus-operator'));

test('the objects for the Prometheus Operator have no field that it does not know', (t) => {
  t.deepEqual(objects.map(titleOf), ['PodMonitor/inferq', 'PrometheusRule/inferq']);
  t.deepEqual(fieldFaults(objects), []);
});

test('its alerts are those of ops/prometheus', async (t) => {
  const rules: unknown = parse(await readFile(path.join(ROOT, 'ops/prometheus/rules.yaml'), 'utf8'));
  const [rule] = ofKind(objects, 'PrometheusRule');
  t.deepEqual(at(rule, 'spec'), rules);
});

test('it scrapes every role at a port that it has, and nothing else', async (t) => {
  const [monitor] = ofKind(objects, 'PodMonitor');
  const selector = at(monitor, 'spec', 'selector');
  const ports = listAt(monitor, 'spec', 'podMetricsEndpoints').map((endpoint) => textAt(endpoint, 'port'));
  const all = workloads(await renderKustomization(path.join(ROOT, 'k8s/overlays/production')));
  const picked = all.filter((workload) => picks(isMap(selector) ? selector : {}, podLabels(workload)));
  t.deepEqual(picked.map(titleOf).sort(), [
    'Deployment/api',
    'Deployment/metrics-adapter',
    'Deployment/webhook-worker',
    'Deployment/worker-large',
    'Deployment/worker-small',
  ]);
  for (const workload of picked) {
    const named = containersOf(workload).flatMap((container) => listAt(container, 'ports'));
    for (const port of ports)
      t.true(
        named.some((each) => textAt(each, 'name') === port && textAt(each, 'containerPort') === '9464'),
        `${titleOf(workload)} has no ${port}`,
      );
  }
});
