import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../../../cli/local/process-exit.ts';
import type { Job } from '../../../shared/job.ts';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { until } from '../../support/until.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { startWebhookLog } from '../webhook-log.ts';

const LOCK_SECONDS = 2;

export const standstill: Row = {
  row: 10,
  injected: 'worker with 50 running jobs `SIGSTOP`ped for two lock times, then let go on',
  bar: 'one stored result, late one refused; webhook at least once with the same id',
  deadline: 180,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(50, 10);
  const still = new AbortController();
  const model = await startModel(chaos, async (_call, response) => {
    if (still.signal.aborted) return answer(response, 'second');
    // Of the worker that stands still: these answers are there when it comes back.
    await once(still.signal, 'abort');
    answer(response, 'late');
  });
  const webhooks = await startWebhookLog(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 2 * count })],
    env: { INFERQ_LOCK_TIME: String(LOCK_SECONDS), LOG_LEVEL: 'warn' },
  });
  const ids: string[] = [];
  for (let input = 0; input < count; input++)
    ids.push((await broker.submit({ model: 'm', input, cache: 'bypass', webhook: webhooks.url })).id);
  await until(() => model.calls.length >= count);
  const [stopped] = broker.workers;
  if (!stopped) throw new Error('There is no worker');
  send(stopped.pid, 'SIGSTOP');
  chaos.teardown(() => send(stopped.pid, 'SIGCONT'));
  const begun = performance.now();
  still.abort();
  await broker.startWorker();
  const before = await Promise.all(ids.map((id) => broker.job(id, '?wait=60')));
  await sleep(Math.max(0, 2 * LOCK_SECONDS * 1000 - (performance.now() - begun)));
  const stoodStill = ((performance.now() - begun) / 1000).toFixed(1);
  send(stopped.pid, 'SIGCONT');
  await until(() => webhooks.jobs() >= count, 60_000).catch(() => undefined);
  // Another job through the worker that came back: by then it has tried to give in what it had.
  await sleep(2000);
  const after = await Promise.all(ids.map((id) => broker.job(id)));
  const changed = after.filter((job, at) => !isDeepStrictEqual(job, before[at])).length;
  const other = before.filter(isOther).length;
  const names = new Set(webhooks.heard.map(({ webhookId }) => webhookId)).size;
  const again = await broker.run({ model: 'm', input: 'again', cache: 'bypass' });
  return finding(
    again.status === 'succeeded' &&
      changed === 0 &&
      other === 0 &&
      webhooks.jobs() === count &&
      names === count,
    `${count} jobs, ${stoodStill} s: ${other} without the other worker's result, ${changed} changed by the late one; ` +
      `${webhooks.heard.length} webhooks with ${names} ids for ${webhooks.jobs()} jobs`,
  );
}

/** Not what the other worker made of it in another attempt. */
function isOther({ status, output, metrics }: Job): boolean {
  return status !== 'succeeded' || output !== 'second' || metrics.attempts < 2;
}
