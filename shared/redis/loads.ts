import type { Registry } from '../models/registry.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { readMemory, type RedisMemory } from './memory.ts';
import { createModelBacklogs, type ModelBacklog } from './model-backlogs.ts';
import { QUEUE_NAME } from './work-queue.ts';

/** What a model has to do. `outstanding`: runs that a worker could work on now, or does. */
export interface ModelLoad extends ModelBacklog {
  outstanding: number;
}

export interface Loads {
  /** By the model's name. */
  models: ReadonlyMap<string, ModelLoad>;
  memory: RedisMemory | undefined;
}

/** BullMQ orders delayed jobs by the millisecond that they are due, with twelve bits below it. */
const DUE_BITS = 4096;

/** Reads what all served models have to do, in one flush of the connection or two. */
export function createLoadReader(redis: RedisConnection, registry: Registry): () => Promise<Loads> {
  const backlogs = createModelBacklogs(redis);

  async function loadOf(code: string): Promise<ModelLoad> {
    const queue = `${keyPrefix(code)}${QUEUE_NAME}`;
    const due = String((Date.now() + 1) * DUE_BITS - 1);
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
    const [loads, memory] = await Promise.all([
      Promise.all([...codes].map(async ([name, code]) => [name, await loadOf(code)] as const)),
      readMemory(redis),
    ]);
    return { models: new Map(loads), memory };
  };
}
