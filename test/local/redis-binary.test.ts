import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { HostSystem } from '../../cli/local/host-system.ts';
import { NoRedisError, findRedis } from '../../cli/local/redis-binary.ts';
import { makeFolder, writeProgram } from './fixtures/folder.ts';

const MAC: HostSystem = { os: 'darwin', distributions: [], release: 'darwin' };

test('the first redis-server on the PATH is taken', async (t) => {
  const folder = await makeFolder(t);
  await writeProgram(join(folder, 'a', 'redis-server'), 'echo "Redis server v=7.2.5 sha=00000000:0 bits=64"');
  await writeProgram(join(folder, 'b', 'redis-server'), 'echo "Redis server v=8.0.0 sha=00000000:0 bits=64"');
  const path = [join(folder, 'none'), join(folder, 'a'), join(folder, 'b')].join(delimiter);
  const found = await findRedis({ cache: folder, path, system: MAC });
  t.deepEqual(found, {
    command: join(folder, 'a', 'redis-server'),
    env: {},
    version: '7.2.5',
    source: 'path',
  });
});

test('a Valkey does as well', async (t) => {
  const folder = await makeFolder(t);
  await writeProgram(join(folder, 'valkey-server'), 'echo "Valkey server v=8.1.1 sha=00000000:1 bits=64"');
  const found = await findRedis({ cache: folder, path: folder, system: MAC });
  t.is(found.command, join(folder, 'valkey-server'));
  t.is(found.version, '8.1.1');
});

test('an old Redis is passed over for a newer Valkey, and named', async (t) => {
  const folder = await makeFolder(t);
  await writeProgram(join(folder, 'redis-server'), 'echo "Redis server v=6.0.16 sha=00000000:0"');
  await writeProgram(join(folder, 'valkey-server'), 'echo "Valkey server v=7.2.8 sha=00000000:0"');
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const found = await findRedis({ cache: folder, path: folder, system: MAC, say });
  t.is(found.version, '7.2.8');
  t.deepEqual(said, [`Passing over ${join(folder, 'redis-server')} is 6.0.16, older than 6.2`]);
});

test('only an old Redis is one line that says so and what to type', async (t) => {
  const folder = await makeFolder(t);
  await writeProgram(join(folder, 'redis-server'), 'echo "Redis server v=5.0.7 sha=00000000:0"');
  const message = await complaint(t, folder, MAC);
  t.is(
    message,
    `${join(folder, 'redis-server')} is 5.0.7, older than 6.2. No Redis here. Install it: brew install redis (or set REDIS_URL to one that runs).`,
  );
});

test('a folder or a text file of that name is no Redis', async (t) => {
  const folder = await makeFolder(t);
  await mkdir(join(folder, 'a', 'redis-server'), { recursive: true });
  await mkdir(join(folder, 'b'));
  await writeFile(join(folder, 'b', 'redis-server'), 'not a program');
  const path = [join(folder, 'a'), join(folder, 'b')].join(delimiter);
  t.regex(await complaint(t, path, MAC), /^No Redis here\./);
});

for (const [system, command] of [
  [{ os: 'linux', distributions: ['fedora'], release: 'fedora-42' }, 'sudo dnf install valkey'],
  [{ os: 'linux', distributions: ['rocky', 'rhel', 'fedora'], release: 'rocky-9' }, 'sudo dnf install redis'],
  [{ os: 'linux', distributions: ['alpine'], release: 'alpine-3' }, 'apk add redis'],
  [MAC, 'brew install redis'],
  [{ os: 'win32', distributions: [], release: 'win32' }, 'Run inferq in WSL'],
  [{ os: 'linux', distributions: ['own'], release: 'own-1' }, 'Install Redis 6.2 or later'],
] satisfies [HostSystem, string][]) {
  test(`without any Redis on ${system.distributions[0] ?? system.os}, one line says: ${command}`, async (t) => {
    const message = await complaint(t, '', system);
    t.true(message.includes(command));
    t.false(message.includes('\n'));
  });
}

async function complaint(t: ExecutionContext, path: string, system: HostSystem): Promise<string> {
  const cache = await makeFolder(t);
  const error = await t.throwsAsync(findRedis({ cache, path, system }), { instanceOf: NoRedisError });
  return error.message;
}
