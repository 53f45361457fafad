import { toTime } from '../stored-job.ts';
import type { RedisConnection } from './connection.ts';

const KEY = 'inferq:audit';
const KEPT = 100_000;

/** Who changed what, when and from where. */
export interface AuditEntry {
  id: string;
  at: string;
  tenant: string;
  subject: string;
  action: string;
  target: string;
  address: string;
  request_id: string;
}

export interface AuditLog {
  add(entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void>;
  /** Newest first; `before` is the id of an entry. */
  list(limit: number, before?: string): Promise<AuditEntry[]>;
}

export function createAuditLog(redis: RedisConnection): AuditLog {
  return {
    async add(entry) {
      await redis.xadd(KEY, 'MAXLEN', '~', KEPT, '*', 'entry', JSON.stringify(entry));
    },
    async list(limit, before) {
      const end = before === undefined ? '+' : `(${before}`;
      const entries = await redis.xrevrange(KEY, end, '-', 'COUNT', limit);
      return entries.map(([id, [, text = '{}']]) => ({
        id,
        at: toTime(Number(id.split('-')[0])),
        ...JSON.parse(text),
      }));
    },
  };
}
