import type { Registry } from '../models/registry.ts';
import { scoreDueBy } from './bull-queue.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { readMemory, type RedisMemory } from './memory.ts';
import { createModelBacklogs, type ModelBacklog } from './model-backlogs.ts';
import { readOwedWebhooks, type OwedWebhooks } from './owed-webhooks.ts';
import { QUEUE_NAME } from './work-queue.ts';

/** What a model has to do. `outstanding`: runs that a worker could work on now, or does. */
export interface ModelLoad extends ModelBacklog {
  outstanding: number;
}

export interface Loads {
  /** By the model's name. */
  models: ReadonlyMap<string, ModelLoad>;
  webhooks: OwedWebhooks;
  memory: RedisMemory | undefined;
}

/** Reads what all served models have to do, and what webhooks are owed, in a few flushes of the connection. */
export function createLoadReader(redis: RedisConnection, registry: Registry): () => Promise<Loads> {
  const backlogs = createModelBacklogs(redis);

  async function loadOf(code: string): Promise<ModelLoad> {
    const queue = `${keyPrefix(code)}${QUEUE_NAME}`;
    const due = String(scoreDueBy(Date.now()));
    const [backlog, ...counts] = await Promise.all([
      backlogs.of(code),
      redis.llen(`${queue}:wait`),
      redis.llen(`${queue}:paused`),
      redis.zcard(`${queue}:prioritized`),
      redis.zcount(`${queue}:delayed`, '-inf', due),
      redis.llen(`${queue}:active`),
    ]);
    return { ...backlog, outstanding: counts.reduce((sum, count) => sum + count, 0) };
  }

  return async () => {
    const codes = new Map(registry.list().map(({ spec, code }) => [spec.name, code]));
    const [loads, webhooks, memory] = await Promise.all([
      Promise.all([...codes].map(async ([name, code]) => [name, await loadOf(code)] as const)),
      readOwedWebhooks(redis),
      readMemory(redis),
    ]);
    return { models: new Map(loads), webhooks, memory };
  };
}
