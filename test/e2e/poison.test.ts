import test from 'ava';
import type { RoleProcess } from '../../cli/local/role-process.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { endsOf, startModel } from '../support/many-jobs.ts';
import { answer } from '../support/scripted-model.ts';

const JOBS = 200;
const POISON = new Set([20, 90]);

test('jobs that kill their workers end as worker_lost after three, and none beside them fails', async (t) => {
  let worker = 0;
  let last: RoleProcess | undefined;
  let deaths = 0;
  const model = await startModel(t, ({ body }, response) => {
    if (!POISON.has(Number(body))) return answer(response, 'well');
    deaths += 1;
    process.kill(worker, 'SIGKILL');
  });
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url, { concurrency: 20 })],
    workers: 0,
    env: { INFERQ_LOCK_TIME: '1' },
  });
  const ids = await Promise.all(
    Array.from({ length: JOBS }, async (_, input) => (await broker.submit({ model: 'm', input })).id),
  );
  const over = new AbortController();
  // As a supervisor does.
  const restarting = (async () => {
    while (!over.signal.aborted) {
      const role = await broker.startWorker();
      worker = role.pid;
      last = role;
      // It may end the last job before it has said that it is ready.
      if (over.signal.aborted) role.kill();
      await role.exited;
    }
  })();
  const jobs = await endsOf(broker, ids);
  over.abort();
  last?.kill();
  await restarting;
  const failed = jobs.filter(({ status }) => status !== 'succeeded');
  t.log(`${deaths} deaths, ${failed.length} of ${JOBS} jobs failed`);
  t.deepEqual(
    failed.map(({ error, metrics }) => [error?.error_type, metrics.attempts]),
    [...POISON].map(() => ['worker_lost', 3]),
  );
  t.is(deaths, 3 * POISON.size);
  for (const { attempts } of failed) t.like(attempts?.at(-1), { attempt: 3, outcome: 'worker_lost' });
});
