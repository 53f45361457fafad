import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cloneFolder } from '../../cli/local/clone.ts';
import { isAlive, send } from '../../cli/local/process-exit.ts';
import { makeFolder } from './fixtures/folder.ts';
import { until, untilDead } from './fixtures/supervised.ts';

for (const folder of ['api', 'workers']) {
  test(`a role of ${folder}/ that waits for Redis at its start ends with its supervisor`, async (t) => {
    const redis = await startSilentRedis(t);
    const { supervisor, role } = await startBy(t, folder, redis.url);
    await redis.called;
    t.true(isAlive(role));
    supervisor.kill('SIGKILL');
    await untilDead(role);
  });

  test(`a role of ${folder}/ whose supervisor dies while it loads its modules never waits`, async (t) => {
    const redis = await startSilentRedis(t);
    const { supervisor, role } = await startBy(t, folder, redis.url);
    supervisor.kill('SIGKILL');
    await untilDead(role);
    t.pass();
  });
}

/** Takes connections and says nothing: whoever asks waits for ever. */
async function startSilentRedis(t: ExecutionContext): Promise<{ url: string; called: Promise<unknown> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  const called = once(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { url: `redis://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, called };
}

async function startBy(t: ExecutionContext, folder: string, redisUrl: string) {
  const options = {
    file: join(cloneFolder(), folder, 'index.ts'),
    log: join(await makeFolder(t), 'role.log'),
  };
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'starting-role.ts')], {
    env: {
      ...process.env,
      OPTIONS: JSON.stringify(options),
      REDIS_URL: redisUrl,
      HOST: '127.0.0.1',
      PORT: '0',
      METRICS_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  supervisor.stdout.on('data', (chunk) => (said += String(chunk)));
  const role = Number(await until(() => /\d+\n/.exec(said)?.[0]));
  t.teardown(() => {
    supervisor.kill('SIGKILL');
    if (isAlive(role)) send(role, 'SIGKILL');
  });
  return { supervisor, role };
}
