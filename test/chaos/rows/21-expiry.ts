import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { until } from '../../support/until.ts';
import { submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const TTL_S = 4;
const LATE_AT_MOST_S = 2;

export const expiry: Row = {
  row: 21,
  injected: '1,000 jobs past their ttl behind busy workers',
  bar: '0 model calls, all `expired` on time',
  deadline: 180,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(1000);
  const model = await startModel(chaos, () => undefined);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { concurrency: 4, timeout: 300, cache: { scope: 'off' } })],
    env: { LOG_LEVEL: 'warn' },
  });
  for (let at = 0; at < 4; at++) await broker.submit({ model: 'm', input: 'busy', cache: 'bypass' });
  await until(() => model.calls.length === 4);
  const load = submitMany({
    api: () => broker.url,
    count,
    job: (input) => ({ model: 'm', input, ttl: TTL_S }),
  });
  await load.done;
  chaos.tell('all are queued');
  await sleep((TTL_S + LATE_AT_MOST_S) * 1000);
  let expired = 0;
  let early = 0;
  let latest = 0;
  for (const { id } of load.acknowledged) {
    const { status, completed_at: completed, created_at: created } = await broker.job(id, '?wait=10');
    if (status === 'expired') expired += 1;
    const late = (Date.parse(String(completed)) - Date.parse(created)) / 1000 - TTL_S;
    if (late < 0) early += 1;
    latest = Math.max(latest, late);
  }
  const calls = model.calls.length - 4;
  return finding(
    expired === count && calls === 0 && early === 0 && latest <= LATE_AT_MOST_S,
    `${expired} of ${count} expired, ${early} early, the latest ${latest.toFixed(2)} s after its ttl; ${calls} model calls`,
  );
}
