import { fullName, type ModelSpec } from '../model.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix, modelCode } from './keys.ts';
import { createScripts } from './scripts.ts';

const KEY = 'inferq:models';
/** Counts the changes; every other field is a `name@version`. */
const REVISION = 'revision';
/** By then every API knows of the removal, and admits no more jobs. */
const SETTLED_AFTER_MS = 60_000;

/** A model of the API. `deletedAt`, in Unix milliseconds: it is kept for the jobs that were accepted before. */
export interface StoredModel {
  spec: ModelSpec;
  deletedAt?: number;
}

/** The models that came over the API. What is read is as it was written: it may be of another version of inferq. */
export interface ModelStore {
  /** Changes with every change. */
  revision(): Promise<string>;
  read(): Promise<{ revision: string; models: StoredModel[] }>;
  save(spec: ModelSpec): Promise<void>;
  /** Keeps the specs until the jobs that were accepted have ended. */
  remove(specs: readonly ModelSpec[], now: number): Promise<void>;
  /** Whether a removed spec is needed no more: its model has no job under way. */
  isDrained(removed: { spec: ModelSpec; deletedAt: number }, now: number): Promise<boolean>;
  /** Forgets removed specs that are drained. */
  forgetDrained(now: number): Promise<void>;
}

export function createModelStore(redis: RedisConnection): ModelStore {
  const script = createScripts(redis);

  async function write(models: readonly StoredModel[]): Promise<void> {
    const fields = models.flatMap((model) => [fullName(model.spec), JSON.stringify(model)]);
    const answers = await redis
      .multi()
      .hset(KEY, ...fields)
      .hincrby(KEY, REVISION, 1)
      .exec();
    const fault = answers?.find(([error]) => error)?.[0];
    if (fault) throw fault;
  }

  async function isDrained({ spec, deletedAt }: { spec: ModelSpec; deletedAt: number }, now: number) {
    if (now - deletedAt < SETTLED_AFTER_MS) return false;
    return (await redis.exists(`${keyPrefix(modelCode(spec.name))}runs`)) === 0;
  }

  return {
    isDrained,
    revision: async () => (await redis.hget(KEY, REVISION)) ?? '0',
    async read() {
      const { [REVISION]: revision = '0', ...models } = await redis.hgetall(KEY);
      return { revision, models: Object.values(models).map(parse) };
    },
    save: (spec) => write([{ spec }]),
    async remove(specs, now) {
      if (specs.length > 0) await write(specs.map((spec) => ({ spec, deletedAt: now })));
    },
    async forgetDrained(now) {
      for (const [name, text] of Object.entries(await redis.hgetall(KEY))) {
        if (name === REVISION) continue;
        const { spec, deletedAt } = parse(text);
        if (deletedAt !== undefined && (await isDrained({ spec, deletedAt }, now)))
          await script('forget', KEY, name, text);
      }
    },
  };
}

function parse(text: string): StoredModel {
  return JSON.parse(text);
}
