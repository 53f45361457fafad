import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';
import { redisTime } from './redis-time.ts';

/** What a worker says of an endpoint. Times are epoch ms by Redis' clock; `error` is without secrets. */
export interface EndpointReport {
  /** `endpointId` of its url. */
  id: string;
  state: 'closed' | 'open' | 'half-open';
  since: number;
  /** When it will be tried again; counts where it is open. */
  probeAt: number;
  error: string | null;
  /**
   * When a call was answered last, and when one failed last by its fault; 0: never. A worker of an earlier version does
   * not tell.
   */
  answeredAt?: number;
  failedAt?: number;
  at: number;
}

/** What the workers say of the endpoints of each model. A word that is not of just now counts for nothing, and goes. */
export interface EndpointReports {
  write(code: string, worker: string, reports: readonly EndpointReport[]): Promise<void>;
  /** Those of all workers, or of all but one. */
  read(code: string, but?: string): Promise<EndpointReport[]>;
}

const COUNTS_FOR_MS = 30_000;

/** A hash a model: field `<worker> <endpoint>`. */
export function createEndpointReports(redis: RedisConnection): EndpointReports {
  return {
    async write(code, worker, reports) {
      const fields = reports.flatMap((report) => [`${worker} ${report.id}`, JSON.stringify(report)]);
      if (fields.length === 0) return;
      await Promise.all([redis.hset(keyOf(code), ...fields), redis.pexpire(keyOf(code), 2 * COUNTS_FOR_MS)]);
    },
    async read(code, but) {
      const [now, texts] = await Promise.all([redisTime(redis), redis.hgetall(keyOf(code))]);
      const entries = Object.entries(texts).map(([field, text]) => ({ field, report: parse(text) }));
      // From what is to come: Redis' clock was put back since.
      const stray = entries.filter(({ report }) => Math.abs(now - report.at) > COUNTS_FOR_MS);
      if (stray.length > 0) await redis.hdel(keyOf(code), ...stray.map(({ field }) => field));
      return entries
        .filter((entry) => !stray.includes(entry) && entry.field.split(' ', 1)[0] !== but)
        .map(({ report }) => report);
    },
  };
}

function keyOf(code: string): string {
  return `${keyPrefix(code)}endpoints`;
}

function parse(text: string): EndpointReport {
  return JSON.parse(text);
}
