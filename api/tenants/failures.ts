import { Type } from 'typebox';
import type { Usage } from '../../shared/redis/usage.ts';
import type { Answer } from '../http/route.ts';

const DAY_MS = 86_400_000;

export const Failures = Type.Object({
  data: Type.Array(
    Type.Object({
      model: Type.String(),
      error_type: Type.String(),
      count: Type.Integer({
        description: 'Jobs that failed with it; one that was retried and failed again, twice',
      }),
    }),
  ),
  next: Type.Null(),
});

/** How many of a tenant's jobs failed with what, today and yesterday. */
export async function showFailures(usage: Usage, tenant: string): Promise<Answer> {
  const today = Math.floor(Date.now() / DAY_MS);
  return { status: 200, value: { data: await usage.failures(tenant, today - 1, today), next: null } };
}
