import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { debianCache } from '../../cli/local/clone.ts';
import { runCommand } from '../../cli/local/command.ts';
import { freePort } from '../../cli/local/ports.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import { endWithUs } from '../../cli/local/shared-fate.ts';
import { readDocument, ROOT } from '../docs/document.ts';
import { makeFolder } from '../local/fixtures/folder.ts';
import { until } from '../support/until.ts';

const compose: { services: { redis: { command: string[] } } } = parse(readDocument('docker-compose.yml'), {
  merge: true,
});
/** As all of our scripts do: several writes, which the append-only file has as a transaction. */
const SCRIPT = "redis.call('SET', KEYS[1], 'kept') redis.call('SET', KEYS[2], 'kept')";
const KEYS = ['inferq:{m}:one', 'inferq:{m}:two'];

/** Redis as docker-compose starts it, with its users, on another port and folder. */
async function startAsComposed(t: ExecutionContext, folder: string, port: number): Promise<ChildProcess> {
  const { command, env } = await findRedis({ cache: debianCache() });
  const args = compose.services.redis.command.map((word) =>
    word === '/data'
      ? folder
      : word
          .replace('/secrets/redis', path.join(folder, 'redis'))
          // Compose puts the default in, where nothing is set.
          .replace(/^\$\{\w+:-(.*)\}$/, '$1'),
  );
  const here = ['--port', String(port), '--bind', '127.0.0.1'];
  const child = spawn(command, [...args, ...here], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const exited = once(child, 'exit').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  if (child.pid !== undefined) endWithUs(child.pid, exited);
  t.teardown(() => child.kill('SIGKILL'));
  const options = { enableReadyCheck: false, maxRetriesPerRequest: 0, retryStrategy: () => 50 };
  const probe = new Redis(`redis://probe:any@127.0.0.1:${port}`, options);
  t.teardown(() => probe.disconnect());
  probe.on('error', () => undefined);
  await until(() =>
    probe.ping().then(
      (said) => said === 'PONG',
      () => false,
    ),
  );
  return child;
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`what scripts wrote is there when Redis comes back after ${signal}, though nobody may be its default user`, async (t) => {
    const folder = await makeFolder(t);
    const secrets = { SECRETS_FOLDER: folder, REDIS_HOST: 'redis:6379' };
    const made = await runCommand(process.execPath, [path.join(ROOT, 'docker/make-secrets.mjs')], secrets);
    t.true(made.ok, made.stderr);
    const port = await freePort();
    const url = (await readFile(path.join(folder, 'api/redis-url'), 'utf8')).replace(
      'redis:6379',
      `127.0.0.1:${port}`,
    );
    const first = await startAsComposed(t, folder, port);
    // However long Redis takes to come back.
    const api = new Redis(url, { enableReadyCheck: false, maxRetriesPerRequest: null });
    t.teardown(() => api.disconnect());
    api.on('error', () => undefined);
    await api.eval(SCRIPT, KEYS.length, ...KEYS);
    const ended = once(first, 'exit');
    first.kill(signal);
    await ended;
    await startAsComposed(t, folder, port);
    for (const key of KEYS) t.is(await api.get(key), 'kept', key);

    for (const login of ['', 'default:@', 'default:any@']) {
      const nobody = new Redis(`redis://${login}127.0.0.1:${port}`, { enableReadyCheck: false });
      t.teardown(() => nobody.disconnect());
      nobody.on('error', () => undefined);
      await t.throwsAsync(nobody.get(KEYS[0] ?? ''), { message: /^(?:NOAUTH|WRONGPASS)/ }, login);
    }
  });
