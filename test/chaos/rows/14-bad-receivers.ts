import type { DeliveryRecord } from '../../../shared/webhooks/delivery-record.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { until } from '../../support/until.ts';
import { startQuietReceiver, startReceiver, type Answer, type Receiver } from '../../webhooks/receiver.ts';
import { createClock, type ShiftedClock } from '../clock.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const ATTEMPTS = 9;
const HOUR_MS = 3_600_000;
const ATTEMPT_MS = 60_000;

export const badReceivers: Row = {
  row: 14,
  injected:
    'webhook receiver down an hour, slow, 500, 301, 410, hangs (the clock of the webhook worker runs ahead)',
  bar: 'delivered or recorded as given up, as the contract says',
  deadline: 900,
  run,
};

/** How its log must look at the end: the outcome of each attempt, shortened. */
type Expectation = (attempts: number) => string;

interface Case {
  name: string;
  answer: Answer;
  expected: Expectation;
}

async function run(chaos: Chaos): Promise<Finding> {
  // The schedule has nine attempts in fifty hours; the fifth comes after the hour.
  const attempts = chaos.size(ATTEMPTS, 5);
  const model = await startModel(chaos);
  const trap = await startQuietReceiver(chaos);
  const clock = await createClock(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_WORKER_ROLES: 'models', LOG_LEVEL: 'warn' },
  });
  await broker.startWorker({ INFERQ_WORKER_ROLES: 'webhooks', ...clock.env });
  const time = { passedMs: 0 };
  const cases = casesOf(trap, time, attempts === ATTEMPTS);
  const receivers = await Promise.all(cases.map(({ answer }) => startReceiver(chaos, answer)));
  const ids = await Promise.all(
    receivers.map(async ({ url }, input) => (await broker.submit({ model: 'm', input, webhook: url })).id),
  );
  for (let attempt = 1; attempt <= attempts; attempt++) {
    chaos.tell(`attempt ${attempt} of ${attempts}, ${(time.passedMs / HOUR_MS).toFixed(1)} h passed`);
    await Promise.all(ids.map((id) => untilTried(broker, id, attempt)));
    if (attempt < attempts) time.passedMs = await letPass(broker, clock, ids, trap, time.passedMs);
  }
  const wrong: string[] = [];
  for (const [at, { name, expected }] of cases.entries()) {
    const seen = describe(await logOf(broker, ids[at] ?? ''));
    const names = new Set(receivers[at]?.received.map(({ headers }) => headers['webhook-id'])).size;
    if (!isAsExpected(seen, expected, attempts) || names !== 1)
      wrong.push(`${name}: ${seen}, not ${expected(attempts)}`);
  }
  const followed = trap.received.filter(({ method }) => method === 'GET').length;
  const ticks = attempts - 1;
  return finding(
    wrong.length === 0 && trap.received.length === ticks && followed === 0,
    `${cases.length} receivers over ${(time.passedMs / HOUR_MS).toFixed(1)} h: ` +
      (wrong.join('; ') || cases.map(({ name, expected }) => `${name}: ${expected(attempts)}`).join('; ')) +
      `; ${trap.received.length - ticks} redirects followed`,
  );
}

function casesOf(trap: Receiver, time: { passedMs: number }, whole: boolean): Case[] {
  return [
    {
      name: 'down an hour',
      answer: (response) => {
        if (time.passedMs < HOUR_MS) response.socket?.resetAndDestroy();
        else response.writeHead(204).end();
      },
      expected: () => '4 failed, delivered',
    },
    {
      name: 'slow',
      answer: (response) => void setTimeout(() => response.writeHead(204).end(), 10_000),
      expected: () => '0 failed, delivered',
    },
    { name: '500', answer: (response) => response.writeHead(500).end(), expected: failed },
    {
      name: '301',
      answer: (response) => response.writeHead(301, { location: trap.url }).end(),
      expected: failed,
    },
    {
      name: '410',
      answer: (response) => response.writeHead(410).end(),
      expected: () => '1 failed, given up',
    },
    hanging(whole),
  ];
}

/**
 * The second attempt comes after five seconds, which may be before the slowest receiver's first is over: whoever goes
 * on failing is then one attempt ahead in a small run.
 */
function isAsExpected(seen: string, expected: Expectation, attempts: number): boolean {
  const isUnderWay = expected(attempts).endsWith('pending');
  return seen === expected(attempts) || (isUnderWay && seen === expected(attempts + 1));
}

function failed(count: number): string {
  return `${count} failed, ${count === ATTEMPTS ? 'given up' : 'pending'}`;
}

/** Each attempt takes its whole timeout: in a small run the second one is answered. */
function hanging(whole: boolean): Case {
  let count = 0;
  return {
    name: 'hangs',
    answer: (response) => {
      count += 1;
      if (!whole && count > 1) response.writeHead(204).end();
    },
    expected: whole ? failed : () => '1 failed, delivered',
  };
}

async function logOf(broker: TestBroker, id: string): Promise<DeliveryRecord[]> {
  return Object((await broker.request(`/jobs/${id}/deliveries`)).body).data ?? [];
}

/** Until so many attempts are over, or no more will come. */
function untilTried(broker: TestBroker, id: string, attempt: number): Promise<void> {
  return until(async () => {
    const log = await logOf(broker, id);
    const last = log.at(-1);
    if (!last || last.outcome === 'running') return false;
    return log.length >= attempt || last.next_at === null;
  }, ATTEMPT_MS);
}

/** Time passes for the worker until all that is due next is due; answers how much has passed. */
async function letPass(
  broker: TestBroker,
  clock: ShiftedClock,
  ids: readonly string[],
  awake: Receiver,
  before: number,
): Promise<number> {
  const logs = await Promise.all(ids.map((id) => logOf(broker, id)));
  const due = logs.map((log) => Date.parse(log.at(-1)?.next_at ?? '') || 0);
  const offset = Math.max(before, Math.max(...due) - Date.now() + 1000);
  await clock.set(offset);
  // A delivery that can be made at once wakes the worker, which looks at those that are due only then.
  await broker.run({ model: 'm', input: offset, cache: 'bypass', webhook: awake.url });
  return offset;
}

function describe(log: readonly DeliveryRecord[]): string {
  const failed = log.filter(({ outcome }) => outcome !== 'delivered').length;
  const last = log.at(-1);
  if (last?.outcome === 'delivered') return `${failed} failed, delivered`;
  return `${failed} failed, ${last?.next_at ? 'pending' : 'given up'}`;
}
