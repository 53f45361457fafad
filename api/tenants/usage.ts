import { Type } from 'typebox';
import { budgetPeriod, type Budget } from '../../shared/budget.ts';
import { InferqError } from '../../shared/errors.ts';
import type { Accounts } from '../../shared/redis/accounts.ts';
import type { TenantStore } from '../../shared/redis/tenant-store.ts';
import type { Usage } from '../../shared/redis/usage.ts';
import { toTime } from '../../shared/stored-job.ts';
import { valueOf } from '../http/query.ts';
import type { Answer, Call, Parameter } from '../http/route.ts';
import { isDay } from '../http/time.ts';

export interface UsageParts {
  tenants: TenantStore;
  usage: Usage;
  accounts: Accounts;
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 400;
const USUAL_DAYS = 30;

const Count = Type.Integer({ minimum: 0 });
const UsageRow = Type.Object({
  day: Type.String({ format: 'date', description: 'UTC, the day on which the jobs ended' }),
  model: Type.String(),
  jobs: Type.Integer({ minimum: 0, description: 'That ended' }),
  succeeded: Count,
  failed: Count,
  canceled: Count,
  expired: Count,
  cached: Type.Integer({ minimum: 0, description: 'Answered from the cache' }),
  coalesced: Type.Integer({ minimum: 0, description: 'That shared the call of another job' }),
  cost: Type.Number({ minimum: 0, description: "Units of the models' `cost`" }),
});

export const UsageList = Type.Object({
  data: Type.Array(UsageRow),
  next: Type.Null(),
  budget: Type.Union([
    Type.Object({
      limit: Type.Number(),
      spent: Type.Number(),
      reserved: Type.Number({ description: 'Set aside for jobs under way' }),
      renewed_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    }),
    Type.Null(),
  ]),
});

export const usageParameters: readonly Parameter[] = [
  {
    name: 'from',
    in: 'query',
    description: `The first UTC day, \`2026-11-01\`; ${USUAL_DAYS} days up to \`to\` where it is left out`,
    schema: Type.String({ format: 'date' }),
  },
  {
    name: 'to',
    in: 'query',
    description: 'The last one; today where it is left out',
    schema: Type.String({ format: 'date' }),
  },
];

/** What a tenant's jobs did and cost, by day and model, and what its budget still has. */
export function createUsageHandler({ tenants, usage, accounts }: UsageParts) {
  async function budgetOf(tenant: string, budget: Budget) {
    if (budget === null) return null;
    const { name, limit, endsAt } = budgetPeriod(budget, Date.now());
    const balance = await accounts.balance({ tenant, period: name });
    return { limit, ...balance, renewed_at: endsAt === undefined ? null : toTime(endsAt) };
  }

  return async (call: Call): Promise<Answer> => {
    const id = call.parameters['id'] ?? '';
    const { from, to } = readDays(call.query, Date.now());
    const tenant = await tenants.find(id);
    const data = await usage.read(id, from, to);
    // A tenant of which nothing is settled may have used models all the same.
    if (!tenant && data.length === 0)
      throw new InferqError('not_found', 'There is no tenant of this name, and no usage in these days.');
    return { status: 200, value: { data, next: null, budget: await budgetOf(id, tenant?.budget ?? null) } };
  };
}

function readDays(query: URLSearchParams, now: number): { from: number; to: number } {
  const to = readDay(query, 'to') ?? Math.floor(now / DAY_MS);
  const from = readDay(query, 'from') ?? to - USUAL_DAYS + 1;
  if (from > to) throw invalid('from', 'is after to');
  if (to - from >= MOST_DAYS) throw invalid('from', `is more than ${MOST_DAYS} days before to`);
  return { from, to };
}

/** Days since the epoch. */
function readDay(query: URLSearchParams, name: string): number | undefined {
  const text = valueOf(query, name);
  if (text === undefined) return undefined;
  if (!isDay(text)) throw invalid(name, 'is not a day such as 2026-11-23');
  return Date.parse(text) / DAY_MS;
}

function invalid(name: string, what: string): InferqError {
  return new InferqError('invalid_request', `?${name} ${what}.`, {
    errors: [{ pointer: `?${name}`, detail: what }],
  });
}
