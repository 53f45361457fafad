import { Type, type Static } from 'typebox';
import { Budget } from './budget.ts';
import { WEIGHTS } from './fair-share.ts';

/** What an admin settles for a tenant. */
export const TenantSettings = Type.Object(
  {
    rate: Type.Union(
      [
        Type.Object(
          {
            limit: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
            window: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'Seconds' }),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { default: null, description: 'Submissions in a window; null is no limit' },
    ),
    max_queued: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
      default: null,
      description: 'Jobs that may wait, over all models; null is no limit but that of each model',
    }),
    weight: Type.Number({
      default: 1,
      minimum: WEIGHTS.least,
      maximum: WEIGHTS.most,
      description: 'Its share beside other tenants',
    }),
    budget: Budget,
    models: Type.Array(Type.String({ maxLength: 96 }), {
      default: ['*'],
      maxItems: 1000,
      description: 'Names it may use, * is a wildcard',
    }),
  },
  { additionalProperties: false },
);
export type TenantSettings = Static<typeof TenantSettings>;
