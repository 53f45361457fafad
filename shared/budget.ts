import { Type, type Static } from 'typebox';

/** In the units of the models' `cost`: once and for all, or for each UTC day or month; null is no limit. */
export const Budget = Type.Union(
  [
    Type.Number({ minimum: 0, description: 'In all' }),
    Type.Object(
      { limit: Type.Number({ minimum: 0 }), period: Type.Enum(['day', 'month']) },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  {
    default: null,
    description: "Units of the models' `cost`, in all or for each UTC day or month; null is no limit",
  },
);
export type Budget = Static<typeof Budget>;

/** The stretch of time that a budget holds for; `endsAt` is epoch milliseconds, absent where it never ends. */
export interface BudgetPeriod {
  name: string;
  limit: number;
  endsAt?: number;
}

/** The period that is now. Its name is `total`, `2026-11` or `2026-11-23`. */
export function budgetPeriod(budget: NonNullable<Budget>, now: number): BudgetPeriod {
  if (typeof budget === 'number') return { name: 'total', limit: budget };
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const { limit, period } = budget;
  return period === 'day'
    ? { name: date.toISOString().slice(0, 10), limit, endsAt: Date.UTC(year, month, day + 1) }
    : { name: date.toISOString().slice(0, 7), limit, endsAt: Date.UTC(year, month + 1, 1) };
}
