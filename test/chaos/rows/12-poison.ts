import type { RoleProcess } from '../../../cli/local/role-process.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { answer } from '../../support/scripted-model.ts';
import { endsOf, submitMany } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const POISONED = 4;
const MOST_CRASHES = 3;
const WORKERS = 2;

export const poison: Row = {
  row: 12,
  injected: '4 jobs that kill their worker, among 2,000',
  bar: 'dead after ≤ 3 crashes, 0 innocents failed',
  deadline: 900,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(2000, 150);
  const poisoned = new Set(
    Array.from({ length: POISONED }, (_, at) => Math.floor(((at + 0.5) * count) / POISONED)),
  );
  const crashes = new Map<number, number>();
  const workers = new Map<string, RoleProcess>();
  const model = await startModel(chaos, ({ body, headers }, response) => {
    const input = Number(body);
    if (poisoned.has(input)) {
      crashes.set(input, (crashes.get(input) ?? 0) + 1);
      // A stand-in for what such a job does to the process that works on it.
      workers.get(String(headers['x-worker']))?.kill();
    } else setTimeout(() => answer(response, input), 20);
  });
  const broker = await startTestBroker(chaos, {
    models: [
      jsonModel('m', '', {
        endpoints: [{ url: model.url, headers: { 'x-worker': '${WORKER}' } }],
        concurrency: 50,
      }),
    ],
    workers: 0,
    env: { WORKER: 'none', INFERQ_LOCK_TIME: '2', LOG_LEVEL: 'warn', INFERQ_WORKER_CONCURRENCY: '25' },
  });
  const over = new AbortController();
  chaos.teardown(() => over.abort());
  const followed: Promise<void>[] = [];
  for (let at = 0; at < WORKERS; at++)
    followed.push((await keepWorker(broker, workers, over.signal)).followed);
  const load = submitMany({
    api: () => broker.url,
    count,
    job: (input) => ({ model: 'm', input, cache: 'bypass' }),
  });
  await load.done;
  chaos.tell('all are accepted');
  const inputs = new Map(load.acknowledged.map(({ key, id }) => [id, Number(key.split(' ')[1])]));
  const jobs = await endsOf(broker.url, [...inputs.keys()], 600_000);
  over.abort();
  for (const worker of workers.values()) worker.kill();
  // A successor that is still starting would be left behind.
  await Promise.all(followed);
  const failed = [...jobs]
    .filter(([, { status }]) => status !== 'succeeded')
    .map(([id]) => inputs.get(id) ?? -1);
  const innocent = failed.filter((input) => !poisoned.has(input)).length;
  const dead = failed.length - innocent;
  const most = Math.max(...crashes.values());
  return finding(
    innocent === 0 && dead === POISONED && most <= MOST_CRASHES && jobs.size === count,
    `${count} jobs: ${dead} of ${POISONED} dead after ${[...crashes.values()].join(', ')} crashes, ${innocent} innocents failed`,
  );
}

/** A worker that another follows when it is killed; answers once the first is there. `followed` ends with the last. */
async function keepWorker(
  broker: TestBroker,
  workers: Map<string, RoleProcess>,
  over: AbortSignal,
): Promise<{ followed: Promise<void> }> {
  const start = async (): Promise<RoleProcess> => {
    const name = `worker-${crypto.randomUUID()}`;
    const worker = await broker.startWorker({ WORKER: name });
    workers.set(name, worker);
    return worker;
  };
  const follow = async (worker: RoleProcess): Promise<void> => {
    await worker.exited;
    if (over.aborted) return;
    const next = await start();
    if (over.aborted) next.kill();
    await follow(next);
  };
  return { followed: follow(await start()) };
}
