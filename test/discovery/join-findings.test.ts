import test from 'ava';
import { createEndpointRule } from '../../shared/discovery/endpoint-rule.ts';
import { findModels, type Finding } from '../../shared/discovery/find-models.ts';
import { joinFindings } from '../../shared/discovery/join-findings.ts';
import { service, slice, type ServiceOptions } from '../support/kube-objects.ts';

const rule = createEndpointRule([]);

function findingsOf(cluster: string, ...services: [string, ServiceOptions, string][]): Finding[] {
  return services.flatMap(([name, options, url]) =>
    findModels(
      {
        name: cluster,
        inferenceServices: [],
        pools: [],
        services: [service(name, options)],
        slices: [slice(name, [url], options.namespace)],
      },
      rule,
    ),
  );
}

const CLUSTERS = ['east', 'west'];

test('the same Service in two clusters is one model with the endpoints of both', (t) => {
  const findings = [
    ...findingsOf('west', ['m', {}, 'http://10.2.0.1:80']),
    ...findingsOf('east', ['m', {}, 'http://10.1.0.1:80']),
  ];
  const { specs, warnings } = joinFindings(findings, CLUSTERS);
  t.deepEqual(
    specs.map(({ endpoints }) => endpoints.map(({ url }) => url)),
    [['http://10.1.0.1/', 'http://10.2.0.1/']],
  );
  t.deepEqual(warnings, []);
});

test('where the specs differ the first cluster’s holds, and the other is told', (t) => {
  const findings = [
    ...findingsOf('east', ['m', { spec: { timeout: 1 } }, 'http://10.1.0.1:80']),
    ...findingsOf('west', ['m', { spec: { timeout: 2 } }, 'http://10.2.0.1:80']),
  ];
  const { specs, warnings } = joinFindings(findings, CLUSTERS);
  t.like(specs, [{ timeout: 1, endpoints: [{ url: 'http://10.1.0.1/' }] }]);
  t.deepEqual(warnings, ['Service team/m in cluster west: m@1 has another spec than in the cluster before']);
});

test('a name belongs to the namespace that had it first, in all its versions', (t) => {
  const old = { created: '2026-01-01T00:00:00Z' };
  const young = { created: '2026-02-02T00:00:00Z', namespace: 'thieves' };
  const findings = findingsOf(
    'east',
    ['a', { ...young, spec: { name: 'm', version: '2', traffic: 100 } }, 'http://10.6.6.6:80'],
    ['b', { ...young, spec: { name: 'm' } }, 'http://10.6.6.6:80'],
    ['m', old, 'http://10.1.0.1:80'],
    ['m-two', { ...old, spec: { name: 'm', version: '2' } }, 'http://10.1.0.2:80'],
    ['m-twin', { ...old, spec: { name: 'm' } }, 'http://10.1.0.3:80'],
  );
  const { specs, warnings } = joinFindings(findings, CLUSTERS);
  t.deepEqual(
    specs.map(({ version, endpoints: [endpoint] }) => [version, endpoint?.url]),
    [
      ['1', 'http://10.1.0.1/'],
      ['2', 'http://10.1.0.2/'],
    ],
  );
  t.is(warnings.filter((warning) => warning.includes('belongs to the namespace team')).length, 2);
  t.true(warnings.includes('Service team/m-twin in cluster east: m@1 is already that of Service team/m'));
});

test('a fault of one hurts itself alone', (t) => {
  const findings = findingsOf(
    'east',
    ['bad', { spec: 'protocol: telepathy' }, 'http://10.1.0.1:80'],
    ['good', {}, 'http://10.1.0.2:80'],
  );
  const { specs, warnings } = joinFindings(findings, CLUSTERS);
  t.deepEqual(
    specs.map(({ name }) => name),
    ['good'],
  );
  t.is(warnings.length, 1);
});
