import { isTerminal } from '../job-status.ts';
import type { Account, Accounts } from './accounts.ts';
import type { RedisConnection } from './connection.ts';
import { readRecord } from './job-reader.ts';
import { codeOfJob, keyPrefix, ownerOfRun } from './keys.ts';
import { redisTime } from './redis-time.ts';

const AT_ONCE = 100;
/** By then whoever made a reservation has admitted its job, or has died. */
const ORPHAN_AFTER_MS = 60_000;

/** What jobs owe their tenants' accounts since they ended; an entry goes only when the account has it. */
export interface Charges {
  /** Settles what is owed for a model. */
  settle: (code: string) => Promise<void>;
  /** Gives a reservation back unless a job is under way with it. */
  release(account: Account, reservation: string): Promise<void>;
  /** Looks after an account's oldest reservations, so that none outlives its job. */
  reconcile(account: Account): Promise<void>;
}

export function createCharges(redis: RedisConnection, accounts: Accounts): Charges {
  async function settleEntry(key: string, entry: string): Promise<void> {
    const [reservation = '', tenant = '', period = '', amount] = entry.split(' ');
    await accounts.bill({ tenant, period }, reservation, Number(amount));
    await redis.zrem(key, entry);
  }

  async function settle(code: string): Promise<void> {
    const key = `${keyPrefix(code)}charges`;
    for (let found = AT_ONCE; found === AT_ONCE;) {
      const entries = await redis.zrange(key, '0', String(AT_ONCE - 1));
      await Promise.all(entries.map((entry) => settleEntry(key, entry)));
      found = entries.length;
    }
  }

  async function release(account: Account, reservation: string): Promise<void> {
    const [id = '', life] = reservation.split('~');
    const job = await readRecord(redis, id);
    if (job && job.retries === Number(life) && !isTerminal(job.status))
      return accounts.confirm(account, reservation);
    // What it owes comes first: only a reservation that nothing is owed for is given back.
    if (job) await settle(codeOfJob(id) ?? '');
    await accounts.bill(account, reservation, 0);
  }

  return {
    settle,
    release,
    async reconcile(account) {
      const open = await accounts.oldest(account, AT_ONCE);
      const codes = new Set(open.map(({ reservation }) => codeOfJob(ownerOfRun(reservation)) ?? ''));
      codes.delete('');
      await Promise.all([...codes].map(settle));
      const now = await redisTime(redis);
      const old = open.filter(({ since }) => since < now - ORPHAN_AFTER_MS);
      await Promise.all(old.map(({ reservation }) => release(account, reservation)));
    },
  };
}
