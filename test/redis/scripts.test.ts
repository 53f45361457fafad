import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { limitCommands } from '../../shared/redis/command-deadline.ts';
import {
  connect,
  FAIL_FAST,
  PATIENT,
  untilReady,
  type RedisConnection,
} from '../../shared/redis/connection.ts';
import { gatherWrites } from '../../shared/redis/gathered-writes.ts';
import { ScriptCall, toScript } from '../../shared/redis/script-call.ts';
import { createScripts } from '../../shared/redis/scripts.ts';

const RATE = 'inferq:rate:t';

test('a script that Redis has forgotten is sent again, as often as it forgets', async (t) => {
  const { redis } = await startRedis(t);
  const run = createScripts(redis);
  for (let left = 9; left >= 5; left--) {
    t.like(await run('take', RATE, 10, 86_400_000), { 0: 1, 1: left });
    await redis.script('FLUSH');
  }
});

test('calls that come at once are answered each with its own reply', async (t) => {
  const { redis } = await startRedis(t);
  gatherWrites(redis);
  const run = createScripts(redis);
  const replies = await Promise.all(Array.from({ length: 200 }, () => run('take', RATE, 1000, 86_400_000)));
  t.deepEqual(
    replies.map((reply) => Number(Object(reply)[1])),
    Array.from({ length: 200 }, (_, at) => 999 - at),
  );
});

test('what is not ASCII comes as it was sent', async (t) => {
  const { redis } = await startRedis(t);
  const run = createScripts(redis);
  await t.notThrowsAsync(run('take', `${RATE}é€😀`, 10, 60_000));
  t.is(await redis.exists(`${RATE}é€😀`), 1);
});

test('an error of a script is told, and the next call is answered', async (t) => {
  const { redis } = await startRedis(t);
  const run = createScripts(redis);
  await redis.set(RATE, 'no hash');
  await t.throwsAsync(run('take', RATE, 10, 60_000), { message: /WRONGTYPE/ });
  t.like(await run('take', `${RATE}2`, 10, 60_000), { 0: 1 });
});

test('a connection that was made anew has its scripts', async (t) => {
  const { redis } = await startRedis(t, PATIENT);
  const run = createScripts(redis);
  await run('take', RATE, 10, 60_000);
  await redis.script('FLUSH');
  const [id] = [await redis.client('ID')];
  const other = redis.duplicate();
  t.teardown(() => other.disconnect());
  await other.client('KILL', 'ID', String(id));
  t.like(await run('take', RATE, 10, 60_000), { 0: 1, 1: 8 });
});

test('each command without an answer fails in its time, those with one do not', async (t) => {
  const { redis } = await startRedis(t);
  limitCommands(redis, 200);
  const run = createScripts(redis);
  await run('take', RATE, 10, 60_000);
  await redis.client('PAUSE', 2000);
  const begun = performance.now();
  const first = fails(redis.ping());
  await sleep(100);
  const second = fails(run('take', RATE, 10, 60_000));
  const [one, other] = [(await first) - begun, (await second) - begun];
  t.true(one >= 199 && one < 1500, `${one} ms`);
  t.true(other >= 299 && other < 1500, `${other} ms`);
  await sleep(2000);
  t.is(await redis.ping(), 'PONG');
});

test('a call that was given up is not sent again when Redis says that it lacks the script', async (t) => {
  let sent = 0;
  const call = new ScriptCall(
    {
      sendCommand(command) {
        sent += 1;
        command.toWritable({});
      },
    },
    toScript('return 1'),
    ['key'],
  );
  const answer = call.send();
  call.reject(new Error('Command timed out'));
  await t.throwsAsync(answer, { message: 'Command timed out' });
  call.reject(new Error('NOSCRIPT No matching script.'));
  t.is(sent, 1);
});

async function fails(command: Promise<unknown>): Promise<number> {
  return command.then(
    () => Number.NaN,
    () => performance.now(),
  );
}

async function startRedis(t: ExecutionContext, manner: Parameters<typeof connect>[1] = FAIL_FAST) {
  const server = await startTemporaryRedis();
  t.teardown(server.stop);
  const redis: RedisConnection = connect(server.url, manner);
  redis.on('error', () => undefined);
  t.teardown(() => redis.disconnect());
  await untilReady(redis);
  if ('nodes' in redis) throw new TypeError('It is no cluster');
  return { redis };
}
