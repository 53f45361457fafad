import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { startNginx, type RunningNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';
import { portOf } from '../support/raw-http.ts';
import { answer, startScriptedModel, type Behaviour } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { startReceiver } from '../webhooks/receiver.ts';

const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const CLIENTS = 6;
/** The chaos suite makes more of them. */
const ROUNDS = 2;
/** Some calls take longer than a worker that stops waits for them (1 s). */
const CALL_MS = [50, 200, 1500];

interface Load {
  /** What each request came to: its kind and its status, or why there is none. */
  outcomes: string[];
  jobs: string[];
  stop(): Promise<void>;
}

interface Request {
  kind: string;
  path: string;
  init?: RequestInit;
}

/** Clients that ask for one thing after the other, without a pause. */
function startLoad(url: string, nextOf: (jobs: readonly string[]) => Request): Load {
  const outcomes: string[] = [];
  const jobs: string[] = [];
  const over = new AbortController();
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const { kind, path, init } = nextOf(jobs);
      try {
        const response = await fetch(url + path, { headers: HEADERS, ...init });
        const body: unknown = await response.json();
        const fault = response.ok ? '' : ` ${JSON.stringify(body)}`;
        outcomes.push(`${kind} ${response.status}${fault}`);
        const id: unknown = Reflect.get(Object(body), 'id');
        if (response.status === 202 && typeof id === 'string') jobs.push(id);
      } catch (error) {
        outcomes.push(`${kind} ${String(error)}: ${String(error instanceof Error && error.cause)}`);
      }
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  const stop = async (): Promise<void> => {
    over.abort();
    await clients;
  };
  return { outcomes, jobs, stop };
}

function submission(webhook: string | undefined, headers: Record<string, string> = {}): RequestInit {
  const body = JSON.stringify({ model: 'm', input: randomUUID(), webhook });
  return { method: 'POST', body, headers: { ...HEADERS, ...headers } };
}

/** In turn: submissions with and without a key, looks at the newest job, long polls. */
function everything(webhook?: string): (jobs: readonly string[]) => Request {
  let count = 0;
  return (jobs) => {
    count += 1;
    const newest = jobs.at(-1);
    if (newest !== undefined && count % 4 === 1) return { kind: 'look', path: `/jobs/${newest}` };
    if (newest !== undefined && count % 4 === 2) return { kind: 'poll', path: `/jobs/${newest}?wait=5` };
    if (count % 2 === 0) return { kind: 'submission', path: '/jobs', init: submission(webhook) };
    const init = submission(webhook, { 'idempotency-key': randomUUID() });
    return { kind: 'submission with a key', path: '/jobs', init };
  };
}

async function start(
  t: ExecutionContext,
  behave?: Behaviour,
): Promise<{ broker: TestBroker; nginx: RunningNginx }> {
  const model = await startScriptedModel(behave);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    apis: 2,
    workers: 2,
    // One attempt alone: a worker that goes must not spend it.
    models: [jsonModel('m', model.url, { concurrency: 50 })],
    env: { INFERQ_WORKER_ROLES: 'models', INFERQ_TRUST_PROXY: '1', LOG_LEVEL: 'warn' },
  });
  // A disk that others keep busy holds Redis up for longer than the API waits: that 503 is not looked for here.
  const redis = new Redis(broker.redisUrl);
  await redis.config('SET', 'appendfsync', 'no');
  redis.disconnect();
  return { broker, nginx: await startNginx(t, { apis: broker.urls, rate: '100000r/s' }) };
}

/** Until nginx has got an answer from a replica, after so many lines of its log. */
async function untilServes(nginx: RunningNginx, url: string, after: number): Promise<void> {
  const served = `"status":200,`;
  const by = `"upstream":"${new URL(url).host}"`;
  for (;;) {
    const lines = (await nginx.lines(0)).slice(after);
    if (lines.some((line) => line.includes(served) && line.includes(by))) return;
    await sleep(50);
  }
}

withNginx('a rolling restart of every role under load refuses nobody and loses no job', async (t) => {
  const { broker, nginx } = await start(t, (call, response, count) => {
    setTimeout(() => answer(response, { echo: call.body }), CALL_MS[count % CALL_MS.length]);
  });
  const told = new Set<string>();
  const receiver = await startReceiver(t, (response, { body }) => {
    told.add(JSON.parse(body).data.id);
    response.writeHead(204).end();
  });
  const only = { INFERQ_WORKER_ROLES: 'webhooks' };
  let sender = await broker.startWorker(only);
  const load = startLoad(nginx.url, everything(receiver.url));
  const restartApi = async (index: number, url: string): Promise<void> => {
    await broker.apis[index]?.stop(20_000);
    broker.apis[index] = await broker.startApi({ PORT: String(portOf(url)) });
    await untilServes(nginx, url, (await nginx.lines(0)).length);
  };
  const restartWorker = async (index: number): Promise<void> => {
    await broker.workers[index]?.stop(20_000);
    broker.workers[index] = await broker.startWorker();
  };
  const restartSender = async (): Promise<void> => {
    await sender.stop(20_000);
    sender = await broker.startWorker(only);
  };
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, url] of broker.urls.entries())
      await Promise.all([restartApi(index, url), restartWorker(index), restartSender()]);
  await load.stop();
  t.log(`${load.outcomes.length} requests, ${load.jobs.length} jobs, ${ROUNDS * 2} restarts of each role`);
  t.deepEqual(
    load.outcomes.filter((outcome) => !/ (?:200|202)$/.test(outcome)),
    [],
  );
  for (const kind of ['look', 'poll', 'submission', 'submission with a key'])
    t.true(
      load.outcomes.some((outcome) => outcome.startsWith(`${kind} 20`)),
      kind,
    );
  t.deepEqual(await endsOf(broker, load.jobs), ['succeeded, attempt 1 succeeded']);
  await until(() => load.jobs.every((id) => told.has(id)), 60_000);
});

/** How these jobs have ended, each way once. */
async function endsOf(broker: TestBroker, jobs: readonly string[]): Promise<string[]> {
  const ends = new Set<string>();
  for (let from = 0; from < jobs.length; from += 50) {
    const some = jobs.slice(from, from + 50).map((id) => broker.job(id, '?wait=30&include=attempts'));
    for (const { status, attempts = [] } of await Promise.all(some)) {
      const each = attempts.map(({ attempt, outcome }) => `attempt ${attempt} ${outcome}`);
      ends.add([status, ...each].join(', '));
    }
  }
  return [...ends];
}

withNginx('when a replica is killed, what is harmless to repeat goes on', async (t) => {
  const { broker, nginx } = await start(t);
  const all = everything();
  const load = startLoad(nginx.url, (jobs) => {
    for (;;) {
      const request = all(jobs);
      if (request.kind !== 'submission') return request;
    }
  });
  const [killed] = broker.urls;
  await untilServes(nginx, killed ?? '', 0);
  broker.apis[0]?.kill();
  await broker.apis[0]?.exited;
  const since = load.outcomes.length;
  await nginx.lines((await nginx.lines(0)).length + 200);
  await load.stop();
  t.true(load.outcomes.length > since + 100);
  t.deepEqual(
    load.outcomes.filter((outcome) => !/ (?:200|202)$/.test(outcome)),
    [],
  );
  t.is(new Set(load.jobs).size, load.jobs.length);
});
