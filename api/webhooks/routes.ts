import { Type } from 'typebox';
import type { WebhookSecrets } from '../../shared/redis/webhook-secrets.ts';
import type { Route } from '../http/route.ts';

const Secret = Type.Object({ secret: Type.String({ description: 'whsec_…, as Standard Webhooks has it' }) });
const secret = { description: 'The secret that signs', schema: Secret };

/** The secret by which receivers verify webhooks. */
export function createWebhookRoutes({ secrets }: { secrets: WebhookSecrets }): Route[] {
  return [
    {
      method: 'get',
      path: '/webhooks/secret',
      tag: 'Webhooks',
      summary: "The secret that signs your tenant's webhooks",
      scope: 'jobs:write',
      answers: { 200: secret },
      handle: async ({ principal }) => {
        const [newest] = await secrets.list(principal.tenant);
        return { status: 200, value: { secret: newest } };
      },
    },
    {
      method: 'post',
      path: '/webhooks/secret/rotate',
      tag: 'Webhooks',
      summary: 'A new secret; the one before goes on signing for 24 hours',
      scope: 'jobs:write',
      answers: { 200: secret },
      handle: async ({ principal }) => ({
        status: 200,
        value: { secret: await secrets.rotate(principal.tenant) },
      }),
    },
  ];
}
