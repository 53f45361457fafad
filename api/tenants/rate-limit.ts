import { InferqError } from '../../shared/errors.ts';
import type { RateLimiter } from '../../shared/redis/rate-limiter.ts';
import type { TenantSettings } from '../../shared/tenant.ts';

/**
 * Takes one submission from the tenant's rate, or one of something else from the rate that has its name. Answers the
 * headers that tell what is left, as draft-ietf-httpapi-ratelimit-headers has them; throws `rate_limited` with them
 * where nothing is.
 */
export async function limitRate(
  limiter: RateLimiter,
  tenant: string,
  { rate }: Pick<TenantSettings, 'rate'>,
  what = 'jobs',
): Promise<Record<string, string>> {
  if (!rate) return {};
  const { granted, left, resetMs } = await limiter.take(tenant, rate);
  const reset = Math.ceil(resetMs / 1000);
  const headers = {
    'ratelimit-policy': `"tenant";q=${rate.limit};w=${Math.ceil(rate.window)}`,
    ratelimit: `"tenant";r=${left};t=${reset}`,
  };
  if (granted) return headers;
  const detail = `Your tenant may submit ${rate.limit} ${what} in ${rate.window} s: wait ${reset} s.`;
  throw new InferqError('rate_limited', detail, { headers, retryAfter: Math.max(1, reset) });
}

/** Does what was taken from a rate: who is refused otherwise is told what is left of it too. */
export async function withinRate<Result>(
  rate: Readonly<Record<string, string>>,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof InferqError ? error.after(rate) : error;
  }
}
