import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { send } from '../../cli/local/process-exit.ts';
import { freePort } from '../../cli/local/ports.ts';
import { untilDead } from '../local/fixtures/supervised.ts';
import { readExposition, type Exposition } from '../ops/exposition.ts';
import { jsonModel, startTestBroker, type Answered, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

const THREE = { INFERQ_PROCESSES: '3' };

test('an API in three processes answers at one port, and its counters add up', async (t) => {
  const { request, page } = await startApi(t);
  for (let asked = 0; asked < 30; asked++) t.is((await request('/nowhere')).status, 404);
  const { values } = await page();
  t.is(values.get('inferq_http_errors_total{route="none",error_type="not_found"}'), 30);
  t.is(values.get('inferq_ready'), 1);
  t.is(values.get('inferq_queued_jobs{model="m"}'), 0);
  t.is([...values.keys()].filter((name) => name.startsWith('inferq_build_info')).length, 1);
});

test('of an API one process of which is killed, requests are answered, counters stay, and it is replaced', async (t) => {
  const { request, page, supervisor } = await startApi(t);
  for (let asked = 0; asked < 12; asked++) await request('/nowhere');
  await page();
  const before = await childrenOf(supervisor);
  t.is(before.length, 3);
  send(before[0] ?? 0, 'SIGKILL');
  await untilDead(before[0] ?? 0);
  for (let asked = 0; asked < 12; asked++) t.is((await request('/nowhere')).status, 404);
  await until(async () => (await childrenOf(supervisor)).length === 3);
  const counted = 'inferq_http_errors_total{route="none",error_type="not_found"}';
  t.is((await page()).values.get(counted), 24);
  await until(async () => (await request('/readyz')).status === 200);
  t.false((await childrenOf(supervisor)).includes(before[0] ?? 0));
});

test('an API is ready while all of its processes are', async (t) => {
  const { request, page, supervisor } = await startApi(t);
  t.is((await request('/readyz')).status, 200);
  const [stuck = 0] = await childrenOf(supervisor);
  send(stuck, 'SIGSTOP');
  t.teardown(() => send(stuck, 'SIGCONT'));
  let unready = '';
  await until(async () => {
    const answered = await request('/readyz', { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (answered?.status === 503) unready = answered.text;
    return unready !== '';
  });
  t.regex(unready, /"processes":"2 of 3 are ready"/);
  t.regex(unready, /"process \d+":"does not answer"/);
  send(stuck, 'SIGCONT');
  await until(async () => (await request('/readyz')).status === 200);
  t.is((await page()).values.get('inferq_ready'), 1);
});

test('a process that stands still, and is killed then, keeps no client waiting', async (t) => {
  const { request, supervisor } = await startApi(t);
  const [stuck = 0] = await childrenOf(supervisor);
  send(stuck, 'SIGSTOP');
  t.teardown(() => send(stuck, 'SIGKILL'));
  const ask = async () => (await request('/nowhere', { signal: AbortSignal.timeout(30_000) })).status;
  const asked = Promise.all(Array.from({ length: 30 }, ask));
  t.deepEqual(new Set(await asked), new Set([404]), 'while it stands still');
  send(stuck, 'SIGKILL');
  t.deepEqual(new Set(await Promise.all(Array.from({ length: 30 }, ask))), new Set([404]), 'as it dies');
});

test('three processes of a worker work under names of their own, and one that drains ends its job', async (t) => {
  const called = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const model = await startScriptedModel(async (_call, response) => {
    called.resolve();
    await held.promise;
    answer(response, { done: true });
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], workers: 0 });
  const worker = await broker.startWorker({ ...THREE, INFERQ_DRAIN_TIMEOUT: '30' });
  await until(async () => Object(await overviewOf(broker)).workers?.length === 3);
  const job = await broker.submit({ model: 'm', input: 1 });
  await called.promise;
  const processes = await childrenOf(worker.pid);
  const stopped = worker.stop(60_000);
  await sleep(1000);
  held.resolve();
  await stopped;
  t.is((await worker.exited).code, 0);
  for (const pid of processes) await untilDead(pid);
  t.is((await broker.job(job.id)).status, 'succeeded');
});

test('processes end when their supervisor is killed', async (t) => {
  const { supervisor } = await startApi(t);
  const processes = await childrenOf(supervisor);
  send(supervisor, 'SIGKILL');
  for (const pid of processes) await untilDead(pid);
  t.pass();
});

interface ManyApis {
  request: (path: string, init?: RequestInit) => Promise<Answered>;
  supervisor: number;
  page: () => Promise<Exposition>;
}

async function startApi(t: ExecutionContext): Promise<ManyApis> {
  const port = await freePort();
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9')],
    workers: 0,
    env: { ...THREE, METRICS_PORT: String(port) },
  });
  return {
    request: (path, init) => broker.request(path, { headers: { connection: 'close' }, ...init }),
    supervisor: broker.apis[0]?.pid ?? 0,
    page: async () => readExposition(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  };
}

async function overviewOf(broker: TestBroker): Promise<unknown> {
  return (await broker.request('/overview')).body;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
