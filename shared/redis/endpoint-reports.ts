import type { RedisConnection } from './connection.ts';
import { keyPrefix } from './keys.ts';

/** What a worker says of an endpoint. Times are epoch ms; `error` is without secrets. */
export interface EndpointReport {
  /** `endpointId` of its url. */
  id: string;
  state: 'closed' | 'open' | 'half-open';
  since: number;
  /** When it will be tried again; counts where it is open. */
  probeAt: number;
  error: string | null;
  /** When a call was answered last, and when one failed last by its fault. A worker of an earlier version does not tell. */
  answeredAt?: number;
  failedAt?: number;
  at: number;
}

/** What the workers say of the endpoints of each model. An old word counts for nothing, and goes. */
export interface EndpointReports {
  write(code: string, worker: string, reports: readonly EndpointReport[]): Promise<void>;
  /** Those of all workers, or of all but one. */
  read(code: string, but?: string): Promise<EndpointReport[]>;
}

const COUNTS_FOR_MS = 30_000;

/** A hash a model: field `<worker> <endpoint>`. */
export function createEndpointReports(redis: RedisConnection, now: () => number = Date.now): EndpointReports {
  return {
    async write(code, worker, reports) {
      const fields = reports.flatMap((report) => [`${worker} ${report.id}`, JSON.stringify(report)]);
      if (fields.length === 0) return;
      await Promise.all([redis.hset(keyOf(code), ...fields), redis.pexpire(keyOf(code), 2 * COUNTS_FOR_MS)]);
    },
    async read(code, but) {
      const entries = Object.entries(await redis.hgetall(keyOf(code))).map(([field, text]) => ({
        field,
        report: parse(text),
      }));
      const old = entries.filter(({ report }) => report.at < now() - COUNTS_FOR_MS);
      if (old.length > 0) await redis.hdel(keyOf(code), ...old.map(({ field }) => field));
      return entries
        .filter((entry) => !old.includes(entry) && entry.field.split(' ', 1)[0] !== but)
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
