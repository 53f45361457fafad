import { stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { readFlushed } from './flushed.ts';
import type { KeptRedis } from './kept-redis.ts';
import { AOF, readTrace } from './traced-redis.ts';

/**
 * What a power failure does, at its worst: the process is gone, and with it every byte of the AOF that no flush had
 * brought to the disk. `before` is the size when the trace began. Answers how many bytes were cut.
 */
export async function losePower(redis: KeptRedis, before: number): Promise<number> {
  await redis.kill();
  const { flushed } = readFlushed(await readTrace(redis.dir));
  const size = await aofSize(redis);
  await truncate(path.join(redis.dir, AOF), Math.min(size, before + flushed));
  return size - (before + flushed);
}

export async function aofSize(redis: KeptRedis): Promise<number> {
  return (await stat(path.join(redis.dir, AOF))).size;
}
