import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { startNginx, type RunningNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';
import { startScriptedModel } from '../support/scripted-model.ts';

const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const CLIENTS = 6;

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

function submission(headers: Record<string, string> = {}): RequestInit {
  const body = JSON.stringify({ model: 'm', input: randomUUID() });
  return { method: 'POST', body, headers: { ...HEADERS, ...headers } };
}

/** In turn: submissions with and without a key, looks at the newest job, long polls. */
function everything(): (jobs: readonly string[]) => Request {
  let count = 0;
  return (jobs) => {
    count += 1;
    const newest = jobs.at(-1);
    if (newest !== undefined && count % 4 === 1) return { kind: 'look', path: `/jobs/${newest}` };
    if (newest !== undefined && count % 4 === 2) return { kind: 'poll', path: `/jobs/${newest}?wait=5` };
    if (count % 2 === 0) return { kind: 'submission', path: '/jobs', init: submission() };
    const init = submission({ 'idempotency-key': randomUUID() });
    return { kind: 'submission with a key', path: '/jobs', init };
  };
}

async function start(t: ExecutionContext): Promise<{ broker: TestBroker; nginx: RunningNginx }> {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    apis: 2,
    models: [jsonModel('m', model.url)],
    env: { INFERQ_TRUST_PROXY: '1', LOG_LEVEL: 'warn' },
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
