import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { ask, endsOf, submitMany, submitOnce } from '../client.ts';
import { check, describeFaults } from '../checker.ts';
import { startKeptRedis } from '../kept-redis.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const ANSWERS_WITHIN_MS = 1000;
const RESUMES_WITHIN_MS = 25_000;

export const outage: Row = {
  row: 9,
  injected: 'Redis away 60 s, stopped still for half of it and dead for the rest',
  bar: 'API answers 503 within 1 s; everything resumes ≤ 25 s after',
  deadline: 300,
  run,
};

const job = (input: number) => ({ model: 'm', input, cache: 'bypass', delay: input % 3 });

async function run(chaos: Chaos): Promise<Finding> {
  const seconds = chaos.size(60, 6);
  const redis = await startKeptRedis(chaos);
  const model = await startModel(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { retry: { attempts: 3, backoff: 0.1 } })],
    redis: redis.process(),
    env: { LOG_LEVEL: 'warn' },
  });
  const load = submitMany({ api: () => broker.url, count: 200, lanes: 4, job });
  await load.done;
  chaos.tell(`Redis stands still for ${seconds / 2} s`);
  process.kill(redis.process().pid, 'SIGSTOP');
  const asked = askOften(broker.url, seconds);
  await sleep((seconds / 2) * 1000);
  chaos.tell(`Redis is dead for ${seconds / 2} s`);
  await redis.kill();
  const replies = await asked;
  await redis.start();
  const resumedMs = await timeToResume(broker.url);
  const ids = load.acknowledged.map(({ id }) => id);
  const jobs = await endsOf(broker.url, ids, RESUMES_WITHIN_MS);
  const wrong = describeFaults(check({ acknowledged: load.acknowledged, jobs, heard: undefined }));
  const slowest = Math.max(...replies.map(({ tookMs }) => tookMs));
  const others = replies.filter(({ status, headers }) => status !== 503 || !headers.has('retry-after'));
  return finding(
    wrong === '' && others.length === 0 && slowest <= ANSWERS_WITHIN_MS && resumedMs <= RESUMES_WITHIN_MS,
    `away ${seconds} s: ${replies.length} answers, ${others.length} not 503, slowest ${Math.round(slowest)} ms; ` +
      `a new job ended ${(resumedMs / 1000).toFixed(1)} s after; ${ids.length} accepted before: ${wrong || '0 lost, 0 stuck'}`,
  );
}

/** One request after another, of three kinds. */
async function askOften(api: string, seconds: number) {
  const replies: Awaited<ReturnType<typeof ask>>[] = [];
  const end = performance.now() + seconds * 1000;
  for (let at = 0; performance.now() < end; at++) {
    if (at % 3 === 0) replies.push(await submitOnce(api, `away ${at}`, { model: 'm', input: at }));
    else replies.push(await ask(`${api}${at % 3 === 1 ? '/jobs' : '/models/m'}`));
    await sleep(100);
  }
  return replies;
}

/** Until a job that is submitted now has ended. */
async function timeToResume(api: string): Promise<number> {
  const begun = performance.now();
  for (let at = 0; performance.now() - begun < 2 * RESUMES_WITHIN_MS; at++) {
    const { status, body } = await submitOnce(
      api,
      `after ${at}`,
      { model: 'm', input: at, cache: 'bypass' },
      { prefer: 'wait=20' },
    );
    if (status === 200 && Object(body).status === 'succeeded') break;
    await sleep(50);
  }
  return performance.now() - begun;
}
