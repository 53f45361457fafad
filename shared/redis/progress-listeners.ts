import type { RedisConnection } from './connection.ts';
import { ownerOfRun, prefixOf } from './keys.ts';
import { parseFacts } from './record.ts';

/** The jobs that wait for a run and whose clients asked to be told of its progress. */
export async function findProgressListeners(redis: RedisConnection, run: string): Promise<string[]> {
  const prefix = prefixOf(run);
  const ids = [ownerOfRun(run), ...(await redis.zrange(`${prefix}joined:${run}`, '0', '-1'))];
  const records = await Promise.all(
    ids.map((id) => redis.hmget(`${prefix}job:${id}`, 'run', 'status', 'facts')),
  );
  return ids.filter((id, index) => {
    const [its, status, facts] = records[index] ?? [];
    return (its ?? id) === run && status === 'running' && parseFacts(facts)?.events.includes('progress');
  });
}
