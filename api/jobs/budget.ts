import { budgetPeriod, type BudgetPeriod } from '../../shared/budget.ts';
import { InferqError } from '../../shared/errors.ts';
import type { ModelSpec } from '../../shared/model.ts';
import type { Price } from '../../shared/ports.ts';
import type { Account, Accounts, Balance } from '../../shared/redis/accounts.ts';
import type { Charges } from '../../shared/redis/charges.ts';
import type { TenantSettings } from '../../shared/tenant.ts';

export interface BudgetParts {
  accounts: Accounts;
  charges: Charges;
}

export interface Purchase {
  tenant: string;
  settings: TenantSettings;
  model: ModelSpec;
  /** `<job>~<retries>` */
  reservation: string;
}

/** What a job may cost its tenant. Where the budget is spent, `refusal` says so: only a cached answer is free then. */
export interface Hold {
  price: Price;
  refusal?: InferqError;
  /** The job was not taken in, or was answered for nothing. Another request may have taken it in with the same price. */
  release(): Promise<void>;
  /** The job was taken in: sets the price aside again where another submission of the same job has given it back. */
  keep(): Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

/** Sets the price of a job aside in its tenant's budget. Throws `model_unpriced` where it has none. */
export async function reserveBudget(
  { accounts, charges }: BudgetParts,
  { tenant, settings, model, reservation }: Purchase,
): Promise<Hold> {
  const { cost } = model;
  if (settings.budget === null) return { price: { cost }, release: nothing, keep: nothing };
  if (cost === undefined) throw unpriced(model.name);
  if (cost === 0) return { price: { cost }, release: nothing, keep: nothing };
  const period = budgetPeriod(settings.budget, Date.now());
  const account: Account = { tenant, period: period.name };
  const reserve = (limit: number) => accounts.reserve(account, reservation, cost, limit);
  let reserving = await reserve(period.limit);
  if (reserving.kind === 'spent' && reserving.reserved > 0) {
    // What ended a moment ago may not be given back yet.
    await charges.reconcile(account);
    reserving = await reserve(period.limit);
  }
  const ours = reserving.kind === 'reserved';
  return {
    price: { cost, account: period.name },
    ...(reserving.kind === 'spent' ? { refusal: spentError(period, reserving, model) } : {}),
    release: async () => (ours ? charges.release(account, reservation) : undefined),
    keep: async () => (ours ? undefined : void (await reserve(Number.MAX_VALUE))),
  };
}

function unpriced(model: string): InferqError {
  const detail = `The model ${model} has no price, and your tenant has a budget. Its owner sets one with cost.`;
  return new InferqError('model_unpriced', detail);
}

function spentError(
  { limit, endsAt }: BudgetPeriod,
  { spent, reserved }: Balance,
  model: ModelSpec,
): InferqError {
  const left = `${spent} of ${limit} units are spent, ${reserved} set aside for jobs under way`;
  const detail = `Your tenant's budget does not have the ${model.cost} that ${model.name} costs: ${left}.`;
  if (endsAt === undefined) return new InferqError('budget_spent', detail);
  const retryAfter = Math.ceil((endsAt - Date.now()) / 1000);
  const renewal = new Date(endsAt).toISOString();
  return new InferqError('budget_spent', `${detail} It is renewed at ${renewal}.`, { retryAfter });
}
