import test from 'ava';
import { createEndpointRule } from '../../shared/discovery/endpoint-rule.ts';
import { findModels, type Finding } from '../../shared/discovery/find-models.ts';
import type { ClusterView } from '../../shared/discovery/kube-objects.ts';
import { service, slice, type ServiceOptions } from '../support/kube-objects.ts';

const NOTHING: ClusterView = { name: 'east', services: [], slices: [], inferenceServices: [], pools: [] };

function find(view: Partial<ClusterView>, allow: string[] = []): Finding[] {
  return findModels({ ...NOTHING, ...view }, createEndpointRule(allow));
}

function one(
  options: ServiceOptions,
  urls = ['http://10.1.2.3:9000'],
  allow: string[] = [],
): Finding['reading'] {
  const [finding] = find({ services: [service('m', options)], slices: [slice('m', urls)] }, allow);
  return finding?.reading ?? { fault: 'none' };
}

function urlsOf(reading: Finding['reading'] | undefined): string[] | string {
  if (!reading) return 'none';
  return 'fault' in reading ? reading.fault : reading.spec.endpoints.map(({ url }) => url);
}

const faultOf = (reading: Finding['reading']): string => ('fault' in reading ? reading.fault : 'no fault');

test('a Service with its slices is a model with an endpoint a ready pod', (t) => {
  const pods = slice('m', ['http://10.1.2.3:9000', 'http://10.1.2.4:9000']);
  const [finding] = find({
    services: [service('m', { annotations: { 'inferq.dev/path': '/v1/x?a=b' } })],
    slices: [pods],
  });
  t.like(finding, { object: 'Service team/m', reading: { spec: { name: 'm', version: '1', timeout: 30 } } });
  t.deepEqual(urlsOf(finding?.reading), ['http://10.1.2.3:9000/v1/x?a=b', 'http://10.1.2.4:9000/v1/x?a=b']);
});

test('pods that are not ready, slices of others and of other namespaces do not count', (t) => {
  const pods = {
    metadata: { namespace: 'team', labels: { 'kubernetes.io/service-name': 'm' } },
    addressType: 'IPv6',
    ports: [{ port: 9000 }],
    endpoints: [
      { addresses: ['fd00::1'], conditions: { ready: true }, targetRef: { kind: 'Pod', namespace: 'team' } },
      { addresses: ['fd00::2'], conditions: { ready: false }, targetRef: { kind: 'Pod', namespace: 'team' } },
    ],
  };
  const slices = [
    pods,
    slice('other', ['http://10.9.9.9:1']),
    slice('m', ['http://10.9.9.8:1'], 'elsewhere'),
  ];
  const [finding] = find({ services: [service('m')], slices });
  t.deepEqual(urlsOf(finding?.reading), ['http://[fd00::1]:9000/']);
});

test('while no pod is ready the Service’s own address stands in; without one the model is not there', (t) => {
  const [finding] = find({ services: [service('m', { clusterIP: '10.96.0.7' })] });
  t.deepEqual(urlsOf(finding?.reading), ['http://10.96.0.7/']);
  t.deepEqual(find({ services: [service('m')] }), []);
});

test('of several ports one must be named', (t) => {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'grpc', port: 81 },
  ];
  t.regex(faultOf(one({ ports })), /^inferq.dev\/port: must name one of the Service's 2 ports$/);
  t.regex(faultOf(one({ ports, annotations: { 'inferq.dev/port': 'web' } })), /has no port web/);
  const pods = {
    ...slice('m', []),
    ports: [
      { name: 'grpc', port: 9001 },
      { name: 'http', port: 9000 },
    ],
  };
  const endpoints = [{ addresses: ['10.1.1.1'], targetRef: { kind: 'Pod', namespace: 'team' } }];
  for (const port of ['http', '80']) {
    const named = service('m', { ports, annotations: { 'inferq.dev/port': port } });
    const [finding] = find({ services: [named], slices: [{ ...pods, endpoints }] });
    t.deepEqual(urlsOf(finding?.reading), ['http://10.1.1.1:9000/'], port);
  }
});

test('an annotation may be YAML, and one with a fault says which', (t) => {
  t.deepEqual(urlsOf(one({ spec: 'protocol: json\ntimeout: 5' })), ['http://10.1.2.3:9000/']);
  const faults: [string, RegExp][] = [
    ['protocol: [', /^inferq.dev\/spec: /],
    ['- protocol: json', /must be the fields of a model/],
    ['protocol: telepathy', /at \/protocol: must be one of/],
    ['{protocol: json, timeout: -1}', /at \/timeout: must be > 0/],
    ['{protocol: json, fallback: other}', /fallback: is not taken from a cluster/],
    ['{protocol: json, name: "UPPER"}', /at \/name/],
    ['{protocol: json, preprocess: "foo("}', /at \/preprocess/],
    [`{protocol: json, description: ${'x'.repeat(70_000)}}`, /more than 65536 characters/],
    [
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]',
      /inferq.dev\/spec/,
    ],
    ['', /lacks the property 'protocol'/],
  ];
  for (const [spec, fault] of faults) t.regex(faultOf(one({ spec })), fault, spec.slice(0, 40));
});

test('nobody leads the broker to an address that the cluster did not give', (t) => {
  for (const address of [
    '127.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '100.100.100.200',
    '168.63.129.16',
  ])
    t.regex(faultOf(one({}, [`http://${address}:80`])), /INFERQ_DISCOVERY_ALLOW does not list/, address);
  const handmade = { ...slice('m', []), endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 6379 }] };
  const [finding] = find({ services: [service('m')], slices: [handmade] });
  t.regex(String(urlsOf(finding?.reading)), /is no pod of its namespace/);
  const allowed = find({ services: [service('m')], slices: [handmade] }, ['10.0.0.0/24']);
  t.deepEqual(urlsOf(allowed[0]?.reading), ['http://10.0.0.1:6379/']);
  t.deepEqual(find({ services: [service('m', { clusterIP: '127.0.0.1' })] }), []);
  for (const path of [
    '//evil.example/x',
    'http://evil.example/',
    '\\\\evil.example',
    '/\\evil.example',
    'x',
    '',
    '/${REDIS_URL}',
  ])
    t.regex(faultOf(one({ annotations: { 'inferq.dev/path': path } })), /must be a path/, path);
});

const endpointAt = (url: string, headers = {}) => ({ endpoints: [{ url, headers }] });

test('an endpoint of its own needs the operator’s word for its host, and may hold no reference', (t) => {
  for (const url of ['http://redis:6379/', 'http://10.0.0.1/', 'http://models.internal.evil.example/'])
    t.regex(faultOf(one({ spec: endpointAt(url) }, [], ['models.internal'])), /does not list|none/, url);
  const own = service('m', {
    spec: endpointAt('https://models.internal/x', { a: 'b' }),
    clusterIP: '10.96.0.7',
  });
  t.deepEqual(urlsOf(find({ services: [own] }, ['models.internal'])[0]?.reading), [
    'https://models.internal/x',
  ]);
  const stealing = service('m', {
    spec: endpointAt('https://models.internal/', { a: '${INFERQ_SECRET_KEY}' }),
    clusterIP: '10.96.0.7',
  });
  t.regex(
    String(urlsOf(find({ services: [stealing] }, ['models.internal'])[0]?.reading)),
    /holds a reference/,
  );
});

test('an InferenceService is called at the address in its status, by its protocol', (t) => {
  const metadata = { name: 'iris', namespace: 'ml', labels: {} };
  const status = {
    url: 'http://iris.example.org',
    address: { url: 'http://iris-predictor.ml.svc.cluster.local' },
  };
  const v1 = find({ inferenceServices: [{ metadata, status }] })[0]?.reading;
  t.like(v1, { spec: { name: 'iris', protocol: 'kserve-v1' } });
  t.deepEqual(urlsOf(v1), ['http://iris-predictor.ml.svc.cluster.local/v1/models/iris:predict']);
  const spec = { predictor: { model: { protocolVersion: 'v2' } } };
  const v2 = find({ inferenceServices: [{ metadata, status, spec }] })[0]?.reading;
  t.deepEqual(urlsOf(v2), ['http://iris-predictor.ml.svc.cluster.local/v2/models/iris/infer']);
  t.deepEqual(find({ inferenceServices: [{ metadata }] }), []);
  for (const url of [
    'http://x.other.svc.cluster.local',
    'http://169.254.169.254/',
    'http://redis:6379',
    'file:///x',
  ])
    t.regex(
      String(urlsOf(find({ inferenceServices: [{ metadata, status: { url } }] })[0]?.reading)),
      /status has/,
      url,
    );
  const outside = find({ inferenceServices: [{ metadata, status: { url: status.url } }] }, [
    'iris.example.org',
  ]);
  t.deepEqual(urlsOf(outside[0]?.reading), ['http://iris.example.org/v1/models/iris:predict']);
});

test('an InferenceService is known to its server by its own name, and its address may tell the protocol', (t) => {
  const named = {
    name: 'iris',
    namespace: 'ml',
    labels: {},
    annotations: { 'inferq.dev/spec': 'name: flowers' },
  };
  const url = 'http://iris.ml.svc.cluster.local/v2/models/iris/infer';
  const serverless = find({ inferenceServices: [{ metadata: named, status: { address: { url } } }] })[0];
  t.like(serverless?.reading, { spec: { name: 'flowers', protocol: 'open-inference-v2' } });
  t.deepEqual(urlsOf(serverless?.reading), [url]);
});

test('an InferenceService that speaks gRPC, or is stopped, is not called over HTTP', (t) => {
  const metadata = { name: 'iris', namespace: 'ml', labels: {} };
  const status = { address: { url: 'http://iris.ml.svc.cluster.local' } };
  const spec = { predictor: { model: { protocolVersion: 'grpc-v2' } } };
  const [grpc] = find({ inferenceServices: [{ metadata, status, spec }] });
  t.regex(String(urlsOf(grpc?.reading)), /protocol/);
  const annotations = { 'inferq.dev/spec': 'protocol: open-inference-v2' };
  const [told] = find({ inferenceServices: [{ metadata: { ...metadata, annotations }, status, spec }] });
  t.deepEqual(urlsOf(told?.reading), ['http://iris.ml.svc.cluster.local/v2/models/iris/infer']);
  const stopped = { ...status, conditions: [{ type: 'Stopped', status: 'True' }] };
  t.deepEqual(find({ inferenceServices: [{ metadata, status: stopped }] }), []);
});

const pod = (podIP: string, status: string) => ({
  status: { podIP, conditions: [{ type: 'Ready', status }] },
});

test('an InferencePool is its ready pods at its ports', (t) => {
  const pool = {
    metadata: { name: 'llm', namespace: 'ml' },
    spec: { targetPorts: [{ number: 8000 }, { number: 8001 }] },
  };
  const pods = [pod('10.2.0.1', 'True'), pod('10.2.0.2', 'False')];
  const [finding] = find({ pools: [{ pool, pods }] });
  t.like(finding?.reading, { spec: { name: 'llm', protocol: 'openai-chat' } });
  t.deepEqual(
    urlsOf(finding?.reading),
    [8000, 8001].map((port) => `http://10.2.0.1:${port}/v1/chat/completions`),
  );
  t.deepEqual(find({ pools: [{ pool, pods: [] }] }), []);
});
