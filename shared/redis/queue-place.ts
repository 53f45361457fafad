import type { Job } from '../job.ts';
import type { RedisConnection } from './connection.ts';
import { Reply } from './reply.ts';
import { createScripts } from './scripts.ts';

/** Where a queued job stands among those that BullMQ would start before it, and when its turn should come. */
export async function queuePlace(redis: RedisConnection, prefix: string, id: string): Promise<Job['queue']> {
  const reply = new Reply(await createScripts(redis)('place', `${prefix}job:${id}`, prefix, id));
  const position = reply.number(0);
  return { position, eta: estimate(position, reply.number(1), reply.number(2) / 1000) };
}

/** Seconds until the job starts, or null where nobody can tell. */
export function estimate(position: number, rate: number, delay = 0): number | null {
  if (rate <= 0) return delay > 0 ? delay : null;
  return Math.round(Math.max(delay, position / rate) * 1000) / 1000;
}
