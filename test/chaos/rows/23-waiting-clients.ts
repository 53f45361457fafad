import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { check, describeFaults } from '../checker.ts';
import { endsOf, idOf, submitOnce } from '../client.ts';
import { startKeptRedis } from '../kept-redis.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const WAIT_S = 45;
/** For the answer itself, where five hundred are due at once. */
const GRACE_MS = 10_000;

export const waitingClients: Row = {
  row: 23,
  injected: '500 clients waiting; Redis restarts',
  bar: 'each gets its result or a 202; none hangs',
  deadline: 180,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(500);
  const redis = await startKeptRedis(chaos);
  const released = new AbortController();
  const model = await startModel(chaos, async (call, response) => {
    if (!released.signal.aborted) await once(released.signal, 'abort');
    answer(response, call.body);
  });
  const broker = await startTestBroker(chaos, {
    models: [
      jsonModel('m', model.url, { concurrency: count, timeout: 120, retry: { attempts: 5, backoff: 0.1 } }),
    ],
    redis: redis.process(),
    env: { LOG_LEVEL: 'warn', INFERQ_WORKER_CONCURRENCY: String(count), INFERQ_LOCK_TIME: '5' },
  });
  const clients = Array.from({ length: count }, (_, input) =>
    submitOnce(
      broker.url,
      `client ${input}`,
      { model: 'm', input, cache: 'bypass' },
      { prefer: `wait=${WAIT_S}` },
    ),
  );
  // Half of them at the model, the rest on their way there; all of them wait.
  while (model.calls.length < count / 2) await sleep(20);
  await sleep(500);
  chaos.tell(`${count} clients wait, Redis restarts`);
  await redis.kill();
  await sleep(1000);
  await redis.start();
  released.abort();
  const replies = await Promise.all(clients);
  const slowest = Math.max(...replies.map(({ tookMs }) => tookMs));
  const count200 = replies.filter(({ status }) => status === 200).length;
  const accepted = replies.filter(({ status }) => status === 200 || status === 202);
  const acknowledged = accepted.map((reply, at) => ({ key: String(at), id: idOf(reply) }));
  const jobs = await endsOf(
    broker.url,
    acknowledged.map(({ id }) => id),
    60_000,
  );
  const wrong = describeFaults(check({ acknowledged, jobs, heard: undefined }));
  return finding(
    accepted.length === count && wrong === '' && slowest <= WAIT_S * 1000 + GRACE_MS,
    `${count} clients: ${count200} got the result, ${accepted.length - count200} a 202, ${count - accepted.length} neither, ` +
      `the last after ${(slowest / 1000).toFixed(1)} s of ${WAIT_S}; ${wrong || '0 lost, 0 stuck'}`,
  );
}
