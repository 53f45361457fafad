import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import type { ScriptedModel } from '../../support/scripted-model.ts';
import { until } from '../../support/until.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { startWebhookLog, type WebhookLog } from '../webhook-log.ts';

const ENDS_WITHIN_MS = 1000;

export const cancels: Row = {
  row: 18,
  injected: 'cancel: 100 jobs each queued, running, and running on a worker that is dead',
  bar: 'terminal ≤ 1 s; the upstream call is aborted; one webhook',
  deadline: 300,
  run,
};

interface World {
  broker: TestBroker;
  model: ScriptedModel;
  webhooks: WebhookLog;
}

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(100, 8);
  const model = await startModel(chaos, () => undefined);
  const webhooks = await startWebhookLog(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 200 })],
    workers: 0,
    env: { INFERQ_WORKER_CONCURRENCY: '200', LOG_LEVEL: 'warn' },
  });
  const world = { broker, model, webhooks };
  const sender = await broker.startWorker({ INFERQ_WORKER_ROLES: 'webhooks' });
  const queued = await cancelAll(world, await submit(world, count), 'queued');
  const calledForQueued = model.calls.length;
  const worker = await broker.startWorker({ INFERQ_WORKER_ROLES: 'models' });
  const running = await cancelAll(world, await started(world, count), 'running');
  const abortedMs = await timeOf(() => model.calls.every(({ aborted }) => aborted));
  const orphans = await started(world, count);
  worker.kill();
  await worker.exited;
  const orphaned = await cancelAll(world, orphans, 'dead');
  const all = [...queued, ...running, ...orphaned];
  await until(() => webhooks.jobs() >= all.length, 30_000).catch(() => undefined);
  await sender.stop(10_000);
  const slowest = Math.max(...all.map(({ tookMs }) => tookMs));
  const wrong = all.filter(({ status }) => status !== 'canceled').length;
  return finding(
    wrong === 0 &&
      slowest <= ENDS_WITHIN_MS &&
      abortedMs <= ENDS_WITHIN_MS &&
      calledForQueued === 0 &&
      webhooks.heard.length === all.length &&
      webhooks.jobs() === all.length,
    `${all.length} cancels: ${wrong} not canceled, slowest ${Math.round(slowest)} ms; ${running.length} calls aborted ` +
      `after ${Math.round(abortedMs)} ms, ${calledForQueued} calls for queued jobs; ${webhooks.heard.length} webhooks for ${webhooks.jobs()} jobs`,
  );
}

async function submit({ broker, webhooks }: World, count: number): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, input) =>
    broker.submit({ model: 'm', input, cache: 'bypass', webhook: webhooks.url }),
  );
  return (await Promise.all(jobs)).map(({ id }) => id);
}

/** Jobs whose calls the model has got. */
async function started(world: World, count: number): Promise<string[]> {
  const before = world.model.calls.length;
  const ids = await submit(world, count);
  await until(() => world.model.calls.length >= before + count, 60_000);
  return ids;
}

async function cancelAll({ broker }: World, ids: readonly string[], kind: string) {
  const ends: { status: string; tookMs: number; kind: string }[] = [];
  for (const id of ids) {
    const begun = performance.now();
    await broker.request(`/jobs/${id}/cancel`, { method: 'POST' });
    const { status } = await broker.job(id);
    ends.push({ status, tookMs: performance.now() - begun, kind });
  }
  return ends;
}

async function timeOf(check: () => boolean): Promise<number> {
  const begun = performance.now();
  await until(check, 10 * ENDS_WITHIN_MS).catch(() => undefined);
  return performance.now() - begun;
}
