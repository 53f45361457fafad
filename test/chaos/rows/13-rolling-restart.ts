import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoleProcess } from '../../../cli/local/role-process.ts';
import { connect, PATIENT } from '../../../shared/redis/connection.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { nginxIsThere, startNginx, type RunningNginx } from '../../support/nginx.ts';
import { portOf } from '../../support/raw-http.ts';
import { answer } from '../../support/scripted-model.ts';
import { ask, idOf, submitOnce } from '../client.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const CLIENTS = 6;
const STOPS_WITHIN_MS = 20_000;

export const rollingRestart: Row = {
  row: 13,
  injected: '`SIGTERM` mid-job, rolling restart of every role, 10 times under load',
  bar: '0 failed, 0 stalled, no request refused behind nginx',
  deadline: 600,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  if (!nginxIsThere) return { figure: 'no nginx here', verdict: 'skipped' };
  const rounds = chaos.size(10, 2);
  const model = await startModel(chaos, async (call, response) => {
    await sleep(Number(call.body) % 10 === 0 ? 1500 : 20);
    answer(response, call.body);
  });
  const broker = await startTestBroker(chaos, {
    apis: 2,
    workers: 2,
    models: [jsonModel('m', model.url, { concurrency: 50 })],
    env: { INFERQ_TRUST_PROXY: '1', LOG_LEVEL: 'warn' },
  });
  await spareTheDisk(broker);
  const nginx = await startNginx(chaos, { apis: broker.urls, rate: '100000r/s' });
  const load = startLoad(nginx.url);
  for (let round = 0; round < rounds; round++) {
    for (const [at, url] of broker.urls.entries()) {
      chaos.tell(`round ${round + 1} of ${rounds}, API ${at + 1}; ${load.outcomes.length} requests`);
      await broker.apis[at]?.stop(STOPS_WITHIN_MS);
      broker.apis[at] = await broker.startApi({ PORT: String(portOf(url)) });
      await untilServes(nginx, url);
    }
    for (const [at, worker] of broker.workers.entries()) {
      chaos.tell(`round ${round + 1} of ${rounds}, worker ${at + 1}`);
      broker.workers[at] = await restarted(broker, worker);
    }
  }
  await load.stop();
  const refused = load.outcomes.filter((outcome) => !/ 20[02]$/.test(outcome));
  const { unfinished, stalled } = await faultsOf(broker, load.jobs);
  return finding(
    refused.length === 0 && unfinished === 0 && stalled === 0 && load.jobs.length > 0,
    `${rounds} rounds, ${4 * rounds} restarts, ${load.outcomes.length} requests: ${refused.length} refused` +
      `${refused.length > 0 ? ` (${refused[0]})` : ''}; ${load.jobs.length} jobs, ${unfinished} failed, ${stalled} stalled`,
  );
}

/** A disk that others keep busy holds Redis up for longer than the API waits: that 503 is not looked for here. */
async function spareTheDisk(broker: TestBroker): Promise<void> {
  const redis = connect(broker.redisUrl, PATIENT);
  await redis.config('SET', 'appendfsync', 'no');
  redis.disconnect();
}

/** The new one is there before the old one goes. */
async function restarted(broker: TestBroker, worker: RoleProcess): Promise<RoleProcess> {
  const next = await broker.startWorker();
  await worker.stop(STOPS_WITHIN_MS);
  return next;
}

interface Load {
  /** What each request came to: its kind and its status. */
  outcomes: string[];
  jobs: string[];
  stop(): Promise<void>;
}

/** Clients that ask for one thing after the other: submissions with and without a key, looks, long polls. */
function startLoad(url: string): Load {
  const outcomes: string[] = [];
  const jobs: string[] = [];
  const over = new AbortController();
  let count = 0;
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const newest = jobs.at(-1);
      const turn = count++ % 4;
      if (newest !== undefined && turn < 2) {
        const { status, body } = await ask(`${url}/jobs/${newest}${turn === 0 ? '' : '?wait=5'}`);
        outcomes.push(`look ${status || String(body)}`);
        continue;
      }
      const job = { model: 'm', input: count, cache: 'bypass' };
      const init = { method: 'POST', body: JSON.stringify(job) };
      const reply = await (turn === 2 ? ask(`${url}/jobs`, init) : submitOnce(url, randomUUID(), job));
      outcomes.push(`submission ${reply.status || String(reply.body)}`);
      if (reply.status === 202) jobs.push(idOf(reply));
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    outcomes,
    jobs,
    async stop() {
      over.abort();
      await clients;
    },
  };
}

/** Until nginx has got an answer from a replica, of the lines from now on. */
async function untilServes(nginx: RunningNginx, url: string): Promise<void> {
  const before = (await nginx.lines(0)).length;
  const by = `"upstream":"${new URL(url).host}"`;
  for (;;) {
    const lines = (await nginx.lines(0)).slice(before);
    if (lines.some((line) => line.includes('"status":20') && line.includes(by))) return;
    await sleep(50);
  }
}

async function faultsOf(broker: TestBroker, ids: readonly string[]) {
  let unfinished = 0;
  let stalled = 0;
  const left = [...ids];
  const lane = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const { status, attempts = [] } = await broker.job(id, '?wait=30&include=attempts');
      if (status !== 'succeeded') unfinished += 1;
      if (attempts.some(({ outcome }) => outcome === 'worker_lost')) stalled += 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  return { unfinished, stalled };
}
