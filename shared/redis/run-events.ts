import type { RedisConnection } from './connection.ts';
import { prefixOf } from './keys.ts';

/** The stream of a run keeps about so many events; `lib/run.lua` trims it. */
const KEPT = 10_000;

/** An event of a run; `id` is Redis' stream id (`<ms>-<n>`), `data` is JSON. */
export interface RunEvent {
  id: string;
  kind: string;
  data: string;
}

export interface RunEvents {
  /** At most `count` events after `id`, the oldest first. */
  after(run: string, id: string, count: number): Promise<RunEvent[]>;
  /** Whether events after `id` may have been dropped. */
  hasGap(run: string, id: string): Promise<boolean>;
}

export function createRunEvents(redis: RedisConnection): RunEvents {
  return {
    async after(run, id, count) {
      const entries = await redis.xrange(keyOf(run), `(${id}`, '+', 'COUNT', count);
      return entries.map(([entryId, fields]) => {
        const at = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
        return { id: entryId, kind: at('kind'), data: at('data') };
      });
    },
    async hasGap(run, id) {
      const [length, [first]] = await Promise.all([
        redis.xlen(keyOf(run)),
        redis.xrange(keyOf(run), '-', '+', 'COUNT', 1),
      ]);
      return length >= KEPT && first !== undefined && isBefore(id, first[0]);
    },
  };
}

/** The order of stream ids. */
export function isBefore(a: string, b: string): boolean {
  const [aTime = 0, aCount = 0] = a.split('-').map(Number);
  const [bTime = 0, bCount = 0] = b.split('-').map(Number);
  return aTime < bTime || (aTime === bTime && aCount < bCount);
}

function keyOf(run: string): string {
  return `${prefixOf(run)}events:${run}`;
}
