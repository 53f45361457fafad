import type { RedisConnection } from './connection.ts';

const KEY = 'inferq:{workers}:presence';
const COUNTS_FOR_MS = 20_000;

/** What a worker says of itself. Times are epoch ms. */
export interface WorkerPresence {
  name: string;
  version: string;
  /** `models`, `webhooks`, or both. */
  roles: string[];
  /** Runs in hand. */
  running: number;
  startedAt: number;
  at: number;
  /** What of the models it cannot use, and why. A worker of an earlier version does not tell. */
  warnings?: string[];
}

/** Which workers there are. One that has said nothing for a while counts as gone. */
export interface WorkerPresences {
  write(presence: WorkerPresence): Promise<void>;
  remove(name: string): Promise<void>;
  /** By name. */
  list(): Promise<WorkerPresence[]>;
}

/** A hash: field the worker's name. */
export function createWorkerPresences(redis: RedisConnection, now: () => number = Date.now): WorkerPresences {
  return {
    async write(presence) {
      await Promise.all([
        redis.hset(KEY, presence.name, JSON.stringify(presence)),
        redis.pexpire(KEY, 2 * COUNTS_FOR_MS),
      ]);
    },
    async remove(name) {
      await redis.hdel(KEY, name);
    },
    async list() {
      const all = Object.values(await redis.hgetall(KEY)).map(parse);
      const gone = all.filter(({ at }) => at < now() - COUNTS_FOR_MS);
      if (gone.length > 0) await redis.hdel(KEY, ...gone.map(({ name }) => name));
      return all
        .filter((presence) => !gone.includes(presence))
        .sort((a, b) => a.name.localeCompare(b.name, 'en'));
    },
  };
}

function parse(text: string): WorkerPresence {
  return JSON.parse(text);
}
