import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { createScripts } from './scripts.ts';
import { QUEUE_NAME } from './work-queue.ts';

/** How many entries of an index one script looks at, so that none holds Redis up. */
const AT_ONCE = 100;

/** A job whose ttl ran out. `abandoned` is its run where nobody else waits for that. */
export interface ExpiredJob {
  id: string;
  owed: boolean;
  abandoned: string | undefined;
}

/** An open run that BullMQ does not know. */
export interface LostRun {
  run: string;
  priority: number;
  delayMs: number;
}

/** The indexes of what may need care, by Redis' own clock. Each answer is empty where nothing is left to do. */
export interface Upkeep {
  /** Whether anything of the model could need care at all. */
  isIdle(code: string): Promise<boolean>;
  /** Ends jobs that are past their ttl. */
  expire(code: string): AsyncGenerator<ExpiredJob[]>;
  /** Puts the priorities of runs right and finds those that BullMQ must be told of. */
  lostRuns(code: string): AsyncGenerator<LostRun[]>;
  /** Whether there are open runs. */
  hasRuns(code: string): Promise<boolean>;
  /** Open runs that have been due for so long, and that no worker has in hand; for a model that none serves. */
  unservedRuns(code: string, dueForMs: number): AsyncGenerator<string[]>;
  /** Runs that BullMQ has failed by itself or because the worker's code threw. */
  failedRuns(code: string): Promise<string[]>;
}

export function createUpkeep(redis: RedisConnection): Upkeep {
  const script = createScripts(redis);

  /** Calls a script that answers a count and then values by threes, until it finds less than it may. */
  async function* batches(name: string, code: string, index: string): AsyncGenerator<string[][]> {
    const prefix = keyPrefix(code);
    for (let looked = AT_ONCE; looked === AT_ONCE;) {
      const [count = '0', ...values] = texts(await script(name, prefix + index, prefix, AT_ONCE));
      looked = Number(count);
      yield byThrees(values);
    }
  }

  return {
    async isIdle(code) {
      const prefix = keyPrefix(code);
      return (await redis.exists(INDEXES.map((name) => prefix + name))) === 0;
    },
    async *expire(code) {
      for await (const batch of batches('expire', code, 'due'))
        yield batch.map(([id = '', owed, run]) => ({
          id,
          owed: owed === '1',
          abandoned: run === '' ? undefined : run,
        }));
    },
    async *lostRuns(code) {
      for await (const batch of batches('look', code, 'runs'))
        yield batch.map(([run = '', priority, delay]) => ({
          run,
          priority: Number(priority),
          delayMs: Number(delay),
        }));
    },
    hasRuns: async (code) => (await redis.exists(`${keyPrefix(code)}runs`)) === 1,
    async *unservedRuns(code, dueForMs) {
      const prefix = keyPrefix(code);
      let from = 0;
      for (let looked = AT_ONCE; looked === AT_ONCE;) {
        const answer = await script('unserved', `${prefix}runs`, prefix, from, AT_ONCE, dueForMs);
        const [count = '0', ...runs] = texts(answer);
        looked = Number(count);
        yield runs;
        // Those that were found are gone from the index by then.
        from += looked - runs.length;
      }
    },
    failedRuns: (code) => redis.zrange(keyPrefix(code) + FAILED, '0', String(AT_ONCE - 1)),
  };
}

const FAILED = `${QUEUE_NAME}:failed`;
const INDEXES = ['due', 'runs', 'outbox', 'charges', FAILED];

function texts(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError('The script answered no list');
  return answer.map(String);
}

function byThrees(values: string[]): string[][] {
  return Array.from({ length: values.length / 3 }, (_, index) => values.slice(3 * index, 3 * index + 3));
}
