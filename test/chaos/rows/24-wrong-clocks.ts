import { setTimeout as sleep } from 'node:timers/promises';
import { forge, hmac } from '../../auth/forge.ts';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { until } from '../../support/until.ts';
import { check, describeFaults } from '../checker.ts';
import { ask, endsOf, idOf, submitOnce } from '../client.ts';
import { createClock } from '../clock.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { startWebhookLog } from '../webhook-log.ts';

const OFF_MS = 10 * 60_000;
const DELAY_S = 4;
const TTL_S = 60;
const LATE_AT_MOST_S = 15;
const LEEWAY_S = 60;
const SECRET = 'a secret of thirty-two bytes and more';

export const wrongClocks: Row = {
  row: 24,
  injected: 'clock ±10 min on one machine each of three: API and worker, 900 jobs',
  bar: 'nothing early or lost; JWT leeway ≤ 60 s',
  deadline: 300,
  run,
};

interface Submitted {
  id: string;
  key: string;
  delayed: boolean;
  at: number;
}

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(900, 90);
  const calledAt = new Map<number, number>();
  const model = await startModel(chaos, ({ body }, response) => {
    calledAt.set(Number(body), Date.now());
    response.writeHead(200, { 'content-type': 'application/json' }).end('1');
  });
  const webhooks = await startWebhookLog(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url)],
    env: { LOG_LEVEL: 'warn', JWT_SECRET: SECRET },
  });
  const offsets = [0, OFF_MS, -OFF_MS];
  const apis = [broker.url];
  for (const offset of offsets.slice(1)) {
    const clock = await createClock(chaos, offset);
    apis.push((await broker.startApi(clock.env)).url);
    await broker.startWorker(clock.env);
  }
  chaos.tell('three APIs and three workers, whose clocks do not agree');
  const submitted: Submitted[] = [];
  for (let input = 0; input < count; input++) {
    const delayed = input % 2 === 0;
    const times = delayed ? { delay: DELAY_S } : { ttl: TTL_S };
    const key = `job ${input}`;
    const at = Date.now();
    const reply = await submitOnce(apis[input % apis.length] ?? '', key, {
      model: 'm',
      input,
      cache: 'bypass',
      webhook: webhooks.url,
      ...times,
    });
    if (reply.status === 202) submitted.push({ id: idOf(reply), key, delayed, at });
  }
  const jobs = await endsOf(
    broker.url,
    submitted.map(({ id }) => id),
    60_000,
  );
  await until(() => webhooks.jobs() >= submitted.length).catch(() => undefined);
  const wrong = describeFaults({
    ...check({ acknowledged: submitted, jobs, heard: webhooks.heard }),
    'not succeeded': [...jobs].filter(([, { status }]) => status !== 'succeeded').map(([id]) => id),
    'too early': timesOf(submitted, calledAt)
      .filter((late) => late < 0)
      .map(String),
    'too late': timesOf(submitted, calledAt)
      .filter((late) => late > LATE_AT_MOST_S)
      .map(String),
  });
  const leeways = await Promise.all(apis.map((api, at) => leewayOf(api, offsets[at] ?? 0)));
  return finding(
    wrong === '' && submitted.length === count && Math.max(...leeways) <= LEEWAY_S,
    `${submitted.length} jobs: ${wrong || '0 early, 0 lost, 0 expired'}; a JWT is taken for ${Math.max(...leeways)} s after its end at most`,
  );
}

/** Of the delayed ones: seconds from when they were due to the call of the model. */
function timesOf(submitted: readonly Submitted[], calledAt: ReadonlyMap<number, number>): number[] {
  return submitted
    .filter(({ delayed }) => delayed)
    .map(({ key, at }) => ((calledAt.get(Number(key.split(' ')[1])) ?? 0) - at) / 1000 - DELAY_S);
}

/** For how long after its end an API takes a JWT, by its own clock, in seconds: the longest of some that were tried. */
async function leewayOf(api: string, offsetMs: number): Promise<number> {
  let longest = 0;
  for (const over of [0, 20, 40, 59, 61, 90, 300, 590]) {
    const now = Math.floor((Date.now() + offsetMs) / 1000);
    const claims = { sub: 'a', tenant: 'a', scope: 'jobs:read', iat: now - 900, exp: now - over };
    const token = forge({ alg: 'HS256', typ: 'JWT' }, claims, hmac(SECRET));
    const { status } = await ask(`${api}/jobs`, { headers: { authorization: `Bearer ${token}` } });
    if (status === 200) longest = over;
    await sleep(1);
  }
  return longest;
}
