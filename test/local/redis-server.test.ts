import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, totalmem } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { debianCache } from '../../cli/local/clone.ts';
import { isAlive } from '../../cli/local/process-exit.ts';
import { askRedis } from '../../cli/local/redis-ask.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import { startRedis } from '../../cli/local/redis-server.ts';
import type { RedisOptions } from '../../cli/local/redis-server.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { makeFolder, writeProgram } from './fixtures/folder.ts';
import { until, untilDead } from './fixtures/supervised.ts';

test('it keeps every acknowledged write and evicts nothing', async (t) => {
  const redis = await startTemporaryRedis();
  t.teardown(redis.stop);
  for (const [name, value] of [
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['maxmemory-policy', 'noeviction'],
    ['protected-mode', 'yes'],
    ['save', ''],
  ] as const) {
    t.true((await askRedis(redis, 'CONFIG', 'GET', name))?.includes(`\r\n${value}\r\n`), name);
  }
});

test('it takes half of the memory at most, unless it is told otherwise', async (t) => {
  const most = async (settings?: Record<string, string>): Promise<number> => {
    const redis = await startTemporaryRedis(settings && { settings });
    t.teardown(redis.stop);
    const answer = await askRedis(redis, 'CONFIG', 'GET', 'maxmemory');
    return Number(/maxmemory\r\n\$\d+\r\n(\d+)/.exec(answer ?? '')?.[1]);
  };
  t.is(await most(), Math.floor(totalmem() / 2));
  t.is(await most({ maxmemory: '0' }), 0);
});

test('it listens on the loopback interface only', async (t) => {
  const redis = await startTemporaryRedis();
  t.teardown(redis.stop);
  t.true((await askRedis(redis, 'CONFIG', 'GET', 'bind'))?.includes('\r\n127.0.0.1\r\n'));
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (const { address } of addresses.filter(({ internal, family }) => !internal && family === 'IPv4')) {
    // Its port is free there.
    const server = createServer().listen(redis.port, address);
    await once(server, 'listening');
    server.close();
  }
  t.pass();
});

test('what was acknowledged survives a crash', async (t) => {
  const options = await optionsFor(t);
  const first = await startRedis(options);
  await askRedis(first, 'SET', 'key', 'kept');
  await first.kill();
  const second = await startRedis({ ...options, port: first.port });
  t.teardown(second.stop);
  t.is(second.url, first.url);
  t.true((await askRedis(second, 'GET', 'key'))?.startsWith('$4\r\nkept\r\n'));
});

test('stop ends it, and is harmless twice', async (t) => {
  const redis = await startTemporaryRedis();
  await redis.stop();
  t.false(isAlive(redis.pid));
  await redis.stop();
  await redis.kill();
  t.deepEqual(await redis.exited, { code: 0, signal: null });
});

test('settings and a password can be given; without the password nobody gets in', async (t) => {
  const redis = await startTemporaryRedis({ settings: { appendfsync: 'everysec' }, password: 'a "b\\' });
  t.teardown(redis.stop);
  const authorized = { port: redis.port, password: 'a "b\\' };
  t.true((await askRedis(authorized, 'CONFIG', 'GET', 'appendfsync'))?.includes('everysec'));
  t.true((await askRedis({ port: redis.port }, 'PING'))?.startsWith('-NOAUTH'));
  t.is(decodeURIComponent(new URL(redis.url).password), 'a "b\\');
});

test('a server that an earlier run has left in the folder is stopped first', async (t) => {
  const options = { ...(await optionsFor(t)), password: 'one' };
  const left = await startRedis(options);
  await askRedis({ port: left.port, password: 'one' }, 'SET', 'key', 'kept');
  const redis = await startRedis({ ...options, password: 'two' });
  t.teardown(redis.stop);
  t.false(isAlive(left.pid));
  t.true((await askRedis({ port: redis.port, password: 'two' }, 'GET', 'key'))?.includes('kept'));
});

test('another process that has got the id of an earlier server is left alone', async (t) => {
  const options = await optionsFor(t);
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => bystander.kill());
  await writeFile(join(options.dir, 'redis.pid'), String(bystander.pid));
  const redis = await startRedis(options);
  t.teardown(redis.stop);
  t.is(bystander.exitCode, null);
  t.is(bystander.signalCode, null);
});

test('it ends with the process that started it, even when that is killed', async (t) => {
  const { command, env, dir } = await optionsFor(t);
  const starter = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'redis-owner.ts')], {
    env: { ...process.env, OPTIONS: JSON.stringify({ command, env, dir }) },
    stdio: 'ignore',
  });
  t.teardown(() => starter.kill('SIGKILL'));
  const pid = await until(
    async () => Number(await readFile(join(dir, 'started'), 'utf8').catch(() => '')) || undefined,
  );
  starter.kill('SIGKILL');
  await untilDead(pid);
  t.pass();
});

test('a port that is taken is an error that says so', async (t) => {
  const other = await startTemporaryRedis();
  t.teardown(other.stop);
  const options = await optionsFor(t);
  await t.throwsAsync(startRedis({ ...options, port: other.port }), { message: /Address already in use/i });
});

test('a server that cannot start is an error with the end of its log', async (t) => {
  const dir = await makeFolder(t);
  const command = join(dir, 'redis-server');
  await writeProgram(command, 'echo "Bad file format reading the append only file" >&2; exit 1');
  const error = await t.throwsAsync(startRedis({ command, dir }));
  t.is(
    error.message,
    `Redis did not start (exit code 1): Bad file format reading the append only file (log: ${join(dir, 'redis.log')})`,
  );
});

test('a program that is not there is an error too', async (t) => {
  const dir = await makeFolder(t);
  await t.throwsAsync(startRedis({ command: join(dir, 'none'), dir }), { message: /ENOENT/ });
});

async function optionsFor(t: ExecutionContext): Promise<RedisOptions & { dir: string }> {
  const { command, env } = await findRedis({ cache: debianCache() });
  return { command, env, dir: await makeFolder(t) };
}
