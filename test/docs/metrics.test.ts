import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { makeFolder } from '../local/fixtures/folder.ts';
import { startFakeKubernetes } from '../support/fake-kubernetes.ts';
import { startModel } from '../support/many-jobs.ts';
import { answer, type Behaviour } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { metricsOf } from '../support/worker-metrics.ts';
import { namedRowsOf, readDocument, sectionOf } from './document.ts';

const rows = namedRowsOf(sectionOf(readDocument('docs/metrics.md'), '## Metrics'));

interface Metric {
  type: string;
  labels: Set<string>;
}

test('each metric of both roles has its row, with its type, labels and role', async (t) => {
  const broker = await work(t);
  const pages = await readPages(broker);
  const roles = Object.entries(pages).map(([role, page]) => ({ role, metrics: readMetrics(page) }));
  const all = new Set(roles.flatMap(({ metrics }) => [...metrics.keys()]));
  t.deepEqual([...rows.keys()].sort(), [...all].sort());
  for (const [name, [, type = '', labels = '', role = '']] of rows) {
    const told = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort();
    const declaring = roles.filter(({ metrics }) => metrics.has(name));
    const telling = declaring.filter(({ metrics }) => (metrics.get(name)?.labels.size ?? 0) > 0);
    for (const { metrics } of declaring) t.is(metrics.get(name)?.type, type, name);
    for (const { metrics } of telling) t.deepEqual([...(metrics.get(name)?.labels ?? [])].sort(), told, name);
    // Where labels are, only who does the work has samples.
    if (told.length > 0)
      t.is(telling.map((each) => each.role).join(), role === 'both' ? 'api,worker' : role, name);
    else
      t.true(
        declaring.some((each) => role === each.role || role === 'both'),
        name,
      );
  }
});

test('no label has the id of a job, a tenant, a path or an address of a receiver for a value', async (t) => {
  const broker = await work(t);
  const { api, worker } = await readPages(broker);
  for (const line of `${api}\n${worker}`.split('\n').filter((text) => text.startsWith('inferq_')))
    t.notRegex(line, /"(job|msg)_|"dev"|\/secret-path|\/nowhere|hidden/, line);
  t.regex(worker, /^inferq_endpoint_call_seconds_count\{model="talk",endpoint="http:[^"]+\/talk",/m);
  t.regex(api, /^inferq_http_errors_total\{route="none",error_type="not_found"\} 1$/m);
  t.regex(api, /^inferq_http_errors_total\{route="\/jobs",error_type="model_not_found"\} 1$/m);
  t.regex(api, /^inferq_jobs_admitted_total\{model="m",kind="hit"\} 1$/m);
  t.regex(api, /^inferq_model_paused\{model="m"\} 0$/m);
  t.regex(api, /^inferq_model_paused\{model="together"\} 1$/m);
  t.regex(worker, /^inferq_job_attempts_bucket\{le="1",model="m",status="failed"\} 0$/m);
  t.regex(worker, /^inferq_job_attempts_bucket\{le="2",model="m",status="failed"\} 1$/m);
  t.regex(worker, /^inferq_attempt_seconds_count\{model="m",outcome="model_unavailable"\} 2$/m);
  t.regex(worker, /^inferq_webhook_attempt_seconds_count\{outcome="delivered"\} 1$/m);
});

/** A broker that has answered, failed, delivered and refused, and whose models do all that is measured. */
async function work(t: ExecutionContext): Promise<TestBroker> {
  const model = await startModel(t, behave);
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', model.url, { retry: { attempts: 2, backoff: 0 } }),
      jsonModel('together', model.url, { batch: { max_size: 2, max_delay_ms: 1 } }),
      jsonModel('talk', `${model.url}/talk?key=hidden`),
      jsonModel('full', `${model.url}/full`),
      jsonModel('sick', model.url, { health: { path: '/sick', interval: 0.1 } }),
    ],
    env: await watchCluster(t),
  });
  for (const name of ['together', 'talk']) await broker.run({ model: name, input: 1 });
  await broker.request('/models/together/pause', { method: 'POST' });
  await broker.submit({ model: 'full', input: 1 });
  await broker.run({ model: 'm', input: 1, webhook: `${model.url}/secret-path` });
  await broker.run({ model: 'm', input: 1 });
  await broker.run({ model: 'm', input: 'bad' });
  await broker.request('/nowhere');
  await broker.request('/jobs', { method: 'POST', json: { model: 'none', input: 1 } });
  // What no answer waits for.
  for (const name of ['webhook_attempts_total', 'endpoint_open', 'endpoint_busy_total'])
    await until(async () => (await metricsOf(broker)).includes(`\ninferq_${name}{`));
  return broker;
}

const behave: Behaviour = ({ body, path: where }, response) => {
  if (where === '/full') answer(response, {}, 429, { 'retry-after': '60' });
  else if (where === '/sick' || body === 'bad') answer(response, {}, 503);
  else if (where.startsWith('/talk'))
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end('event: chunk\ndata: "a"\n\nevent: output\ndata: 1\n\n');
  else answer(response, {});
};

/** An empty cluster in which models are looked for. */
async function watchCluster(t: ExecutionContext): Promise<Record<string, string>> {
  const cluster = await startFakeKubernetes();
  t.teardown(cluster.stop);
  const file = path.join(await makeFolder(t), 'kubeconfig');
  await writeFile(file, cluster.kubeconfig);
  return { INFERQ_DISCOVERY: `east=${file}#here` };
}

async function readPages(broker: TestBroker): Promise<{ api: string; worker: string }> {
  const [api = '', worker = ''] = await Promise.all(['api', 'worker'].map((role) => readPage(broker, role)));
  return { api, worker };
}

async function readPage({ modelFile }: TestBroker, role: string): Promise<string> {
  const folder = path.dirname(modelFile);
  const file = (await readdir(folder)).find((name) => name.startsWith(role) && name.endsWith('.log'));
  const [, url = ''] =
    /"metrics":"([^"]+)"/.exec(await readFile(path.join(folder, String(file)), 'utf8')) ?? [];
  return (await fetch(`${url}/metrics`)).text();
}

/** Without the labels that Prometheus has of its own for histograms. */
function readMetrics(page: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  for (const line of page.split('\n')) {
    const [, declared, type = ''] = /^# TYPE (inferq_\w+) (\w+)$/.exec(line) ?? [];
    if (declared) metrics.set(declared, { type, labels: new Set() });
    const [, sample = '', inner = ''] = /^(inferq_\w+)\{(.*)\} \S+$/.exec(line) ?? [];
    const metric = metrics.get(sample) ?? metrics.get(sample.replace(/_(bucket|sum|count)$/, ''));
    for (const [, label = ''] of inner.matchAll(/(\w+)="/g)) if (label !== 'le') metric?.labels.add(label);
  }
  return metrics;
}
