import type { RedisConnection } from './connection.ts';
import { redisTime } from './redis-time.ts';
import { Reply } from './reply.ts';
import { createScripts } from './scripts.ts';

/** What a tenant has spent in a period of its budget, in units of the models' `cost`. */
export interface Account {
  tenant: string;
  period: string;
}

export interface Balance {
  spent: number;
  /** Set aside for jobs under way. */
  reserved: number;
}

/** `held`: it was set aside before. `spent`: the budget does not have it. */
export type Reserving = { kind: 'held' } | ({ kind: 'reserved' | 'spent' } & Balance);

/** A reservation is named after a job's life: `<job>~<retries>`. */
export interface Accounts {
  reserve(account: Account, reservation: string, price: number, budget: number): Promise<Reserving>;
  /** Ends a reservation, once: `amount` is spent, the rest is free again. */
  bill(account: Account, reservation: string, amount: number): Promise<void>;
  balance(account: Account): Promise<Balance>;
  /** The reservations that are open longest, with the time they were made or last confirmed, in epoch ms. */
  oldest(account: Account, count: number): Promise<{ reservation: string; since: number }[]>;
  /** Puts a reservation that is still needed behind the others. */
  confirm(account: Account, reservation: string): Promise<void>;
}

/** Accounts of a day or a month outlive their period by more than a job can last. */
const KEPT_MS = 120 * 86_400_000;

export function createAccounts(redis: RedisConnection): Accounts {
  const run = createScripts(redis);
  return {
    async reserve(account, reservation, price, budget) {
      const kept = account.period === 'total' ? 0 : KEPT_MS;
      const reply = new Reply(await run('reserve', keyOf(account), reservation, price, budget, kept));
      const kind = reply.text(0);
      if (kind === 'held') return { kind };
      const balance = { spent: reply.number(1), reserved: reply.number(2) };
      return { kind: kind === 'spent' ? 'spent' : 'reserved', ...balance };
    },
    async bill(account, reservation, amount) {
      await run('bill', keyOf(account), reservation, amount);
    },
    async balance(account) {
      const [spent, reserved] = await redis.hmget(keyOf(account), 'spent', 'reserved');
      return { spent: Number(spent ?? 0), reserved: Number(reserved ?? 0) };
    },
    async oldest(account, count) {
      const found = await redis.zrange(openOf(account), '0', String(count - 1), 'WITHSCORES');
      return Array.from({ length: found.length / 2 }, (_, index) => ({
        reservation: found[2 * index] ?? '',
        since: Number(found[2 * index + 1]),
      }));
    },
    async confirm(account, reservation) {
      await redis.zadd(openOf(account), 'XX', await redisTime(redis), reservation);
    },
  };
}

function keyOf({ tenant, period }: Account): string {
  return `inferq:{account:${tenant}}:${period}`;
}

function openOf(account: Account): string {
  return `${keyOf(account)}:open`;
}
