import test from 'ava';
import { createEventLooks, jobEvents } from '../../api/jobs/job-events.ts';
import { createStreamTurns, shareCalls } from '../../api/jobs/shared-calls.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createTexts } from '../../shared/blobs/texts.ts';
import { createBlobIndex } from '../../shared/redis/blob-index.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createRunEvents } from '../../shared/redis/run-events.ts';
import { createWaiters } from '../../shared/redis/waiters.ts';
import { createWakeUp } from '../../shared/redis/wake-up.ts';
import { createJobWorld } from '../support/job-world.ts';

test('a reader that events were dropped for meanwhile is cut off, and does not skip them silently', async (t) => {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  const wakeUp = createWakeUp(connect(redis.url, PATIENT), 'replica');
  await wakeUp.start();
  t.teardown(async () => {
    await wakeUp.stop();
    connection.disconnect();
    await redis.stop();
  });
  const world = createJobWorld(connection);
  const looking = {
    store: world.store,
    waiters: createWaiters(connection),
    runEvents: createRunEvents(connection),
    wakeUp,
  };
  const texts = createTexts(undefined, createBlobIndex(connection));
  const parts = { ...looking, looks: createEventLooks(looking), texts, random: () => 0 };
  const { id } = await world.submit();
  const run = await world.start(id);
  const tell = async (count: number): Promise<void> => {
    const events = Array.from({ length: 100 }, () => ({ kind: 'output', data: '{"chunk":"x"}' }) as const);
    for (let at = 0; at < count; at += 100) await world.store.append(run.run, run.token, events);
  };
  await tell(300);
  const stream = jobEvents(parts, await world.read(id), '0-0', new AbortController().signal);
  let seen = '';
  for (let at = 0; at < 150; at++) seen = String((await stream.next()).value);
  t.regex(seen, /^id: \d+-\d+\nevent: output\n/);
  await tell(12_000);
  const rest = (async () => {
    let count = 0;
    for await (const _ of stream) count += 1;
    return count;
  })();
  await t.throwsAsync(rest, { message: /not kept any more: read the job itself/ });
  // Whoever begins now gets what there is.
  const fresh = jobEvents(parts, await world.read(id), '0-0', new AbortController().signal);
  for (let at = 0; at < 500; at++) t.falsy((await fresh.next()).done);
});

test('calls that begin together are two: one for the first, one for all who asked while it ran', async (t) => {
  const begun: string[] = [];
  let end: (() => void) | undefined;
  const call = shareCalls(async (name: string) => {
    begun.push(name);
    await new Promise<void>((resolve) => (end = resolve));
    return begun.length;
  });
  const first = call('a');
  const others = [call('a'), call('a'), call('a')];
  end?.();
  t.is(await first, 1);
  await new Promise((resolve) => setImmediate(resolve));
  end?.();
  t.deepEqual(await Promise.all(others), [2, 2, 2]);
  t.deepEqual(begun, ['a', 'a']);
  const again = call('a');
  end?.();
  t.is(await again, 3);
});

test('a shared call that fails does so for all who share it, and not for the next', async (t) => {
  let count = 0;
  const call = shareCalls(async (_name: string) => {
    count += 1;
    if (count < 3) throw new Error(`no ${count}`);
    return count;
  });
  const results = await Promise.allSettled([call('a'), call('a'), call('a')]);
  t.deepEqual(
    results.map((result) => (result.status === 'rejected' ? String(result.reason) : '')),
    ['Error: no 1', 'Error: no 2', 'Error: no 2'],
  );
  t.is(await call('a'), 3);
});

test('no more than so many go on in one turn of the event loop, in order', async (t) => {
  const turn = createStreamTurns(2);
  const went: number[] = [];
  for (let at = 0; at < 5; at++) void turn().then(() => went.push(at));
  const counts: number[] = [];
  for (let at = 0; at < 4; at++) {
    await new Promise((resolve) => setImmediate(resolve));
    counts.push(went.length);
  }
  t.true(
    counts.every((count, at) => count - (counts[at - 1] ?? 0) <= 2),
    String(counts),
  );
  t.deepEqual(went, [0, 1, 2, 3, 4]);
});
