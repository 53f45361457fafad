import { isTerminal } from '../job-status.ts';
import type { RedisConnection } from './connection.ts';
import type { KnownCodes } from './known-codes.ts';
import { keyPrefix } from './keys.ts';

/** As in `scripts/lib/usage.lua`. */
const DAYS_A_HASH = 32;
const DAY_MS = 86_400_000;

/** What a tenant's jobs for a model did on a UTC day: how many ended how, and what they cost. */
export interface UsageRow {
  day: string;
  model: string;
  jobs: number;
  succeeded: number;
  failed: number;
  canceled: number;
  expired: number;
  /** Of the jobs, those answered from the cache, and those that shared the call of another. */
  cached: number;
  coalesced: number;
  cost: number;
}

/** How many jobs of a tenant failed with an error. */
export interface FailureRow {
  model: string;
  error_type: string;
  count: number;
}

export interface Usage {
  /** By day and model, both days included; they are numbers of days since the epoch. */
  read(tenant: string, from: number, to: number): Promise<UsageRow[]>;
  /** Over both days and those between; most first. */
  failures(tenant: string, from: number, to: number): Promise<FailureRow[]>;
}

export function createUsage(redis: RedisConnection, knownCodes: KnownCodes): Usage {
  /** What was counted: the day, what, of errors which, and how many. */
  async function readCounts(code: string, tenant: string, from: number, to: number) {
    const counts: { day: number; what: string; error: string; amount: number }[] = [];
    for (let hash = Math.floor(from / DAYS_A_HASH); hash <= Math.floor(to / DAYS_A_HASH); hash++) {
      const fields = await redis.hgetall(`${keyPrefix(code)}usage:${tenant}:${hash}`);
      for (const [field, amount] of Object.entries(fields)) {
        const [day = '', what = '', error = ''] = field.split(':');
        if (Number(day) < from || Number(day) > to) continue;
        counts.push({ day: Number(day), what, error, amount: Number(amount) });
      }
    }
    return counts;
  }

  async function readModel(code: string, model: string, tenant: string, from: number, to: number) {
    const rows = new Map<number, UsageRow>();
    for (const { day, what, amount } of await readCounts(code, tenant, from, to))
      rows.set(day, addTo(rows.get(day) ?? emptyRow(day, model), what, amount));
    return [...rows.values()];
  }

  async function failuresOf(code: string, model: string, tenant: string, from: number, to: number) {
    const rows = new Map<string, FailureRow>();
    for (const { what, error, amount } of await readCounts(code, tenant, from, to)) {
      if (what !== 'error') continue;
      rows.set(error, { model, error_type: error, count: (rows.get(error)?.count ?? 0) + amount });
    }
    return [...rows.values()];
  }

  return {
    async read(tenant, from, to) {
      const names = [...(await knownCodes.names())];
      const rows = await Promise.all(names.map(([code, name]) => readModel(code, name, tenant, from, to)));
      return rows
        .flat()
        .sort((a, b) => a.day.localeCompare(b.day, 'en') || a.model.localeCompare(b.model, 'en'));
    },
    async failures(tenant, from, to) {
      const names = [...(await knownCodes.names())];
      const rows = await Promise.all(names.map(([code, name]) => failuresOf(code, name, tenant, from, to)));
      return rows.flat().sort((a, b) => b.count - a.count);
    },
  };
}

function emptyRow(day: number, model: string): UsageRow {
  const counts = { jobs: 0, succeeded: 0, failed: 0, canceled: 0, expired: 0, cached: 0, coalesced: 0 };
  return { day: new Date(day * DAY_MS).toISOString().slice(0, 10), model, ...counts, cost: 0 };
}

/** `what`: how jobs ended, with `+hit` or `+coalesced` where they had no call of their own; or `cost`. */
function addTo(row: UsageRow, what: string, amount: number): UsageRow {
  if (what === 'cost') return { ...row, cost: amount };
  const [status = '', shared] = what.split('+');
  if (!isTerminal(status)) return row;
  return {
    ...row,
    jobs: row.jobs + amount,
    [status]: row[status] + amount,
    cached: row.cached + (shared === 'hit' ? amount : 0),
    coalesced: row.coalesced + (shared === 'coalesced' ? amount : 0),
  };
}
