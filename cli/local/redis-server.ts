import type { ChildProcess } from 'node:child_process';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLogTail } from './log-tail.ts';
import { startLogged } from './logged-process.ts';
import { endWithUs } from './shared-fate.ts';
import { freePort } from './ports.ts';
import { describeExit } from './process-exit.ts';
import type { Exit } from './process-exit.ts';
import { askRedis } from './redis-ask.ts';
import { redisConfig } from './redis-config.ts';
import { stopEarlierRedis } from './redis-takeover.ts';

const POLL_MS = 10;
const PORT_TRIES = 5;
const ANSWERS_WITHIN_MS = 30_000;
const STOPS_WITHIN_MS = 10_000;
/** The rest is for the roles, the models, and the copy that Redis makes when it rewrites its file. */
const PART_OF_MEMORY = 0.5;

export interface RedisOptions {
  command: string;
  env?: Readonly<Record<string, string>>;
  /** Data, log, settings; made when missing. One server at a time: an earlier one in it is stopped. */
  dir: string;
  /** 0 or none: any free one. */
  port?: number;
  password?: string;
  /** More settings, as in `redis.conf`; they win. */
  settings?: Readonly<Record<string, string>>;
}

export interface RunningRedis {
  url: string;
  port: number;
  pid: number;
  exited: Promise<Exit>;
  /** Ends it with everything on the disk. Harmless when it has ended. */
  stop: () => Promise<void>;
  /** Ends it as a crash would. */
  kill: () => Promise<void>;
}

/** Starts a private Redis on 127.0.0.1 and waits until it has loaded its data and answers. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await realpath(options.dir);
  await stopEarlierRedis(dir);
  const { port: asked = 0 } = options;
  for (let tries = 1; ; tries += 1) {
    const port = asked || (await freePort());
    const started = await attempt({ ...options, dir, port });
    if (typeof started === 'object') return started;
    const taken = /address already in use/i.test(started);
    if (asked || !taken || tries === PORT_TRIES) throw new Error(started);
  }
}

type Attempt = RedisOptions & { port: number };

async function attempt(options: Attempt): Promise<RunningRedis | string> {
  const { command, env, dir } = options;
  const config = join(dir, 'redis.conf');
  const log = join(dir, 'redis.log');
  const memory = Math.floor(Math.min(totalmem(), process.constrainedMemory() || Infinity) * PART_OF_MEMORY);
  await writeFile(config, redisConfig({ ...options, memory, more: options.settings }), { mode: 0o600 });
  const { child, exited } = startLogged(command, [config], { env: { ...process.env, ...env }, log });
  if (child.pid !== undefined) endWithUs(child.pid, exited);
  const fault = await Promise.race([exited, untilReady(options, child)]);
  if (fault === undefined) return running(options, child, exited);
  child.kill('SIGKILL');
  const tail = (await readLogTail(log, 3)).join(' | ');
  return `Redis did not start (${describeExit(fault)}): ${tail} (log: ${log})`;
}

/** Resolves with nothing once this very process serves, with an error when it takes too long. */
async function untilReady(address: Attempt, child: ChildProcess): Promise<Exit | undefined> {
  let end = Date.now() + ANSWERS_WITHIN_MS;
  while (Date.now() < end && child.exitCode === null) {
    const info = await askRedis(address, 'INFO');
    // On a port that two processes raced for, it may be another server that answers.
    if (info?.includes(`\nprocess_id:${child.pid}\r`)) {
      if (info.includes('\nloading:0\r')) return undefined;
      // A large file takes its time; as long as it says so it is all right.
      end = Date.now() + ANSWERS_WITHIN_MS;
    }
    await sleep(POLL_MS);
  }
  return { code: null, signal: null, error: new Error(`no answer within ${ANSWERS_WITHIN_MS / 1000} s`) };
}

function running({ port, password }: Attempt, child: ChildProcess, exited: Promise<Exit>): RunningRedis {
  const { pid = 0 } = child;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
    await exited;
    clearTimeout(late);
  };
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const url = `redis://${login}127.0.0.1:${port}`;
  return { url, port, pid, exited, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
