import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import type { JobStore } from '../../shared/ports.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createRunEvents } from '../../shared/redis/run-events.ts';
import type { StreamPart } from '../../workers/protocols/protocol.ts';
import { createNarrator } from '../../workers/run-narrator.ts';
import { createJobWorld } from '../support/job-world.ts';

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

type Written = Parameters<JobStore['append']>[2];

const chunk = (value: unknown): StreamPart => ({ kind: 'chunk', chunk: value });

/** The narrator of a run that has just started, and what it writes when `before` has resolved. */
async function open(before: () => Promise<void> = async () => undefined) {
  const world = createJobWorld(connection);
  const started = await world.start((await world.submit()).id);
  const written: Written[] = [];
  const seen = { stale: 0, errors: new Array<unknown>() };
  const store: JobStore = {
    ...world.store,
    async append(...args) {
      written.push(args[2]);
      await before();
      return world.store.append(...args);
    },
  };
  const narrator = createNarrator(
    store,
    started,
    () => (seen.stale += 1),
    (error) => seen.errors.push(error),
  );
  const kept = async () =>
    (await createRunEvents(connection).after(started.run, '0-0', 10_000)).map(({ data }) => data);
  return { world, started, narrator, written, seen, kept };
}

test('what is said in a burst is written in small calls, whole and in order', async (t) => {
  const { narrator, written, kept } = await open();
  const small = Array.from({ length: 1050 }, (_, at) => at);
  const large = [30, 30, 30, 200, 30, 1].map((kib, at) => String(at).repeat(kib * 1024));
  const told = [...small, ...large];
  for (const value of told) await narrator.tell(chunk(value));
  await narrator.flush();
  t.deepEqual(
    await kept(),
    told.map((value) => JSON.stringify({ chunk: value })),
  );
  for (const events of written) {
    t.true(events.length <= 100, `${events.length} events in one call`);
    const size = events.reduce((sum, { data }) => sum + data.length, 0);
    t.true(size <= 64 * 1024 || events.length === 1, `${size} characters in one call`);
  }
});

test('what is said in a moment goes in one call', async (t) => {
  const { narrator, written, kept } = await open();
  for (let at = 0; at < 50; at++) await narrator.tell(chunk(at));
  await narrator.flush();
  t.is((await kept()).length, 50);
  t.is(written.length, 1);
});

test('who says more than Redis takes has to wait until it has taken it', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { narrator, kept } = await open(() => gate.promise);
  let told = 0;
  let wait: Promise<void> | undefined;
  while (!wait && told < 100_000) wait = narrator.tell(chunk(told++));
  t.true(told > 100 && told < 2000, `${told} events are held`);
  const waiting = Symbol('waiting');
  const soon = new Promise((resolve) => setTimeout(resolve, 100, waiting));
  t.is(await Promise.race([wait, soon]), waiting);
  gate.resolve();
  await wait;
  t.is((await kept()).length, told);
  t.is(narrator.tell(chunk(told)), undefined);
  await narrator.flush();
  t.is((await kept()).length, told + 1);
});

test('of a run that was taken over nothing more is written, and nobody waits for that', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { world, started, narrator, written, seen } = await open(() => gate.promise);
  let wait: Promise<void> | undefined;
  for (let at = 0; !wait && at < 100_000; at++) wait = narrator.tell(chunk(at));
  await world.putBack(started);
  gate.resolve();
  await wait;
  await narrator.flush();
  t.is(seen.stale, 1);
  t.is(written.length, 1);
});

test('a call that fails is told of, and takes along only what was in it', async (t) => {
  let calls = 0;
  const { narrator, seen, kept } = await open(async () => {
    if (++calls === 1) throw new Error('OOM');
  });
  for (let at = 0; at < 250; at++) await narrator.tell(chunk(at));
  await narrator.flush();
  t.deepEqual(seen.errors.map(String), ['Error: OOM']);
  t.deepEqual(
    await kept(),
    Array.from({ length: 150 }, (_, at) => JSON.stringify({ chunk: at + 100 })),
  );
});
