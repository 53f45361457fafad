import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, send } from './process-exit.ts';
import { askRedis } from './redis-ask.ts';
import { readSetting } from './redis-config.ts';

const STOPS_WITHIN_MS = 10_000;

/**
 * Stops the server that an earlier run has left in `dir` (its supervisor was killed): two servers would write
 * the same file. A process that only happens to have its id today is left alone.
 */
export async function stopEarlierRedis(dir: string): Promise<void> {
  const pid = Number.parseInt(await readIfThere(join(dir, 'redis.pid')), 10);
  if (Number.isNaN(pid) || !isAlive(pid)) return;
  if ((await worksIn(pid, dir)) || (await answersAs(pid, dir))) await end(pid);
}

/** Redis changes into its folder. Only Linux tells; there it is known even of one that hangs. */
async function worksIn(pid: number, dir: string): Promise<boolean> {
  return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === dir;
}

async function answersAs(pid: number, dir: string): Promise<boolean> {
  const config = await readIfThere(join(dir, 'redis.conf'));
  const port = Number(readSetting(config, 'port'));
  if (!port) return false;
  const address = { port, password: readSetting(config, 'requirepass') };
  const info = await askRedis(address, 'INFO', 'server');
  const folder = await askRedis(address, 'CONFIG', 'GET', 'dir');
  return Boolean(info?.includes(`\nprocess_id:${pid}\r`) && folder?.includes(`\r\n${dir}\r\n`));
}

async function end(pid: number): Promise<void> {
  send(pid, 'SIGTERM');
  const deadline = Date.now() + STOPS_WITHIN_MS;
  while (isAlive(pid)) {
    if (Date.now() > deadline) send(pid, 'SIGKILL');
    await sleep(10);
  }
}

function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
