import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import * as fc from 'fast-check';
import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import {
  FIRST_WINDOW,
  isDead,
  LARGEST_WINDOW,
  nextWindow,
  putOffMs,
  type Made,
} from '../../workers/webhooks/receiver-window.ts';
import { createReceivers, type Receivers } from '../../workers/webhooks/receivers.ts';

const good: DeliveryAttempt = { at: '', duration_ms: 10, outcome: 'delivered', status: 200 };
const bad: DeliveryAttempt = { at: '', duration_ms: 10, outcome: 'failed', status: 500 };
const URL_A = 'https://a.example/hook';

/** Attempts at something that hangs, until they are let go. */
function hang() {
  const released = Promise.withResolvers<DeliveryAttempt>();
  let begun = 0;
  const make = (): Promise<DeliveryAttempt> => {
    begun += 1;
    return released.promise;
  };
  return { make, release: released.resolve, begun: () => begun };
}

async function answerSoon(): Promise<DeliveryAttempt> {
  await sleep(5);
  return good;
}

async function breakIt(receivers: Receivers, url = URL_A): Promise<void> {
  for (let failures = 0; failures < 5; failures++) await receivers.attempt('acme', url, async () => bad);
}

test('a receiver that nobody knows gets a few at once, the others are put off at once', async (t) => {
  const receivers = createReceivers({ mostOfTenant: 100 });
  const hanging = hang();
  const turns = Array.from({ length: 20 }, () => receivers.attempt('acme', URL_A, hanging.make));
  const others = await Promise.all(turns.slice(FIRST_WINDOW));
  t.true(others.every((turn) => 'putOffMs' in turn && turn.putOffMs >= 500));
  t.is(hanging.begun(), FIRST_WINDOW);
  hanging.release(good);
  t.true((await Promise.all(turns.slice(0, FIRST_WINDOW))).every((turn) => 'made' in turn));
});

test('another receiver, and the same receiver for another tenant, have room of their own', async (t) => {
  const receivers = createReceivers({ mostOfTenant: 100 });
  const hanging = hang();
  for (let at = 0; at < 20; at++) void receivers.attempt('acme', URL_A, hanging.make);
  t.deepEqual(await receivers.attempt('acme', 'https://b.example/', async () => good), { made: good });
  t.deepEqual(await receivers.attempt('acme', 'https://a.example:8443/', async () => good), { made: good });
  t.deepEqual(await receivers.attempt('other', URL_A, async () => good), { made: good });
  const same = await receivers.attempt('acme', 'https://a.example/other', async () => good);
  t.true('putOffMs' in same, 'the path does not make it another receiver');
  hanging.release(good);
});

test('a tenant with many receivers that hang leaves room for the other tenants', async (t) => {
  const receivers = createReceivers({ mostOfTenant: 10 });
  const hanging = hang();
  for (let at = 0; at < 50; at++) void receivers.attempt('acme', `https://${at}.example/`, hanging.make);
  await sleep(0);
  t.is(hanging.begun(), 10);
  t.deepEqual(await receivers.attempt('other', URL_A, async () => good), { made: good });
  hanging.release(good);
});

test('one that answers quickly soon takes many at once, without any being put off', async (t) => {
  const receivers = createReceivers({ mostOfTenant: 1000 });
  await receivers.attempt('acme', URL_A, answerSoon);
  const turns = await Promise.all(
    Array.from({ length: 200 }, () => receivers.attempt('acme', URL_A, answerSoon)),
  );
  t.true(turns.filter((turn) => 'made' in turn).length > 150, 'most wait a moment instead');
});

test('after five failures in a row it is not called until a trial, and one trial that succeeds lets all through', async (t) => {
  const receivers = createReceivers({ mostOfTenant: 100, breakMs: 50 });
  await breakIt(receivers);
  const never = async (): Promise<DeliveryAttempt> => t.fail('it was called');
  const refused = await receivers.attempt('acme', URL_A, never);
  t.like(refused, { why: 'the receiver keeps failing' });
  t.deepEqual(await receivers.attempt('acme', 'https://b.example/', async () => good), { made: good });
  const trial = hang();
  for (;;) {
    const turn = receivers.attempt('acme', URL_A, trial.make);
    await sleep(10);
    if (trial.begun() > 0) {
      t.true(
        'putOffMs' in (await receivers.attempt('acme', URL_A, never)),
        'one trial at a time, nobody waits for it',
      );
      trial.release(good);
      await turn;
      break;
    }
  }
  t.deepEqual(await receivers.attempt('acme', URL_A, async () => good), { made: good });
});

test('a fault of ours is not held against the receiver', async (t) => {
  const receivers = createReceivers({ mostOfTenant: 100 });
  for (let at = 0; at < 10; at++)
    await t.throwsAsync(
      receivers.attempt('acme', URL_A, () => Promise.reject(new Error('Redis went away'))),
      { message: 'Redis went away' },
    );
  t.deepEqual(await receivers.attempt('acme', URL_A, async () => good), { made: good });
});

for (const [status, dead] of [
  [undefined, true],
  [500, true],
  [503, true],
  [429, true],
  [404, false],
  [410, false],
  [301, false],
] as const) {
  test(`a receiver that answers ${status ?? 'nothing'} is ${dead ? 'taken for dead' : 'there'}`, (t) => {
    t.is(isDead({ outcome: 'failed', duration_ms: 1, ...(status === undefined ? {} : { status }) }), dead);
  });
}

const anyMade = fc.record<Made>({
  outcome: fc.constantFrom('delivered', 'failed'),
  status: fc.constantFrom(200, 404, 500),
  duration_ms: fc.nat(16_000),
});

test('the room stays between one and the most, whatever happens', (t) => {
  fc.assert(
    fc.property(fc.array(anyMade), (made) => {
      const window = made.reduce(nextWindow, FIRST_WINDOW);
      return window >= 1 && window <= LARGEST_WINDOW;
    }),
  );
  t.pass();
});

test('those that are put off are spread so that no more than about a hundred come back in a second', (t) => {
  for (const waiting of [1, 100, 1000, 5000]) {
    const longest = putOffMs(waiting, 0.999_999);
    t.true(waiting / (longest / 1000) <= 101, `${waiting} in ${longest} ms`);
    t.true(longest <= 61_000);
  }
});
