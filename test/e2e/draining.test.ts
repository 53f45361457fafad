import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { startFakeKubernetes } from '../support/fake-kubernetes.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

const cost = (text: string) => ({ 'controller.kubernetes.io/pod-deletion-cost': text });
const PODS = '/api/v1/namespaces/inferq/pods';

test('a worker that stops mid-job is not ready, takes no more, and another finishes with the first attempt', async (t) => {
  let isSlow = true;
  const model = await startScriptedModel((call, response) => {
    if (!isSlow || call.body === 'quick') answer(response, 'done');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_DRAIN_TIMEOUT: '8' },
  });
  const jobs = await Promise.all([1, 2, 3].map((input) => broker.submit({ model: 'm', input })));
  while (model.calls.length < 3) await sleep(20);
  const [first] = broker.workers;
  if (!first) throw new Error('There is no worker');
  t.is((await fetch(`${first.url}/readyz`)).status, 200);
  const stopped = first.stop(20_000);
  while ((await fetch(`${first.url}/readyz`)).status !== 503) await sleep(20);
  t.is((await fetch(`${first.url}/healthz`)).status, 200, 'it is not to be killed for that');
  // With nobody else there it would be the first to take this one.
  const late = await broker.submit({ model: 'm', input: 'quick' });
  await stopped;
  t.is((await broker.job(late.id)).status, 'queued');
  t.deepEqual(await first.exited, { code: 0, signal: null });
  isSlow = false;
  await broker.startWorker();
  for (const { id } of [...jobs, late]) {
    const job = await broker.job(id, '?wait=30&include=attempts');
    t.like(job, { status: 'succeeded', metrics: { attempts: 1 } });
    t.deepEqual(
      job.attempts?.map(({ attempt, outcome }) => [attempt, outcome]),
      [[1, 'succeeded']],
      'no attempt is spent, and none was lost with its worker',
    );
  }
  t.deepEqual([...new Set(model.calls.map(({ headers }) => headers['x-inferq-attempt']))], ['1']);
});

test('what ends before the deadline ends where it began', async (t) => {
  const answers: (() => void)[] = [];
  const model = await startScriptedModel(
    (_call, response) => void answers.push(() => answer(response, 'done')),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_DRAIN_TIMEOUT: '60' },
  });
  const { id } = await broker.submit({ model: 'm', input: 1 });
  while (answers.length === 0) await sleep(20);
  const stopped = broker.workers[0]?.stop(60_000);
  while ((await fetch(`${broker.workers[0]?.url}/readyz`)).status !== 503) await sleep(20);
  for (const give of answers) give();
  await stopped;
  t.like(await broker.job(id), { status: 'succeeded', metrics: { attempts: 1 } });
  t.is(model.calls.length, 1);
});

test('a worker marks its pod with what it runs; a cluster that refuses that is told of once, and jobs go on', async (t) => {
  const held: (() => void)[] = [];
  const model = await startScriptedModel((_call, response) => void held.push(() => answer(response, 'done')));
  t.teardown(model.stop);
  const cluster = await startFakeKubernetes(['pods']);
  t.teardown(cluster.stop);
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-pod-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path.join(folder, 'kubeconfig'), cluster.kubeconfig);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  await broker.startWorker({
    POD_NAME: 'worker-7',
    POD_NAMESPACE: 'inferq',
    INFERQ_KUBECONFIG: path.join(folder, 'kubeconfig'),
  });
  const costs = (): unknown[] => cluster.patches.map(({ body }) => Object(body).metadata.annotations);
  while (cluster.patches.length < 1) await sleep(50);
  const jobs = await Promise.all([1, 2, 3].map((input) => broker.submit({ model: 'm', input })));
  while (held.length < 3) await sleep(20);
  while (cluster.patches.length < 2) await sleep(50);
  for (const give of held.splice(0)) give();
  while (cluster.patches.length < 3) await sleep(50);
  t.deepEqual(costs(), [cost('0'), cost('2'), cost('0')]);
  t.deepEqual(
    [...new Set(cluster.patches.map(({ path, type }) => `${path} ${type}`))],
    [`${PODS}/worker-7 application/merge-patch+json`],
  );
  cluster.behaviour.status = 403;
  const asked = cluster.requests.length;
  jobs.push(await broker.submit({ model: 'm', input: 4 }));
  while (cluster.requests.length < asked + 2) await sleep(50);
  for (const give of held) give();
  for (const { id } of jobs) t.is((await broker.job(id, '?wait=30')).status, 'succeeded');
  const log = await readFile(path.join(path.dirname(broker.modelFile), 'worker-1.log'), 'utf8');
  t.is(log.split('pod.unmarked').length - 1, 1);
});
