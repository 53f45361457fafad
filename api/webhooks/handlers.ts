import { Type, type Static } from 'typebox';
import { InferqError } from '../../shared/errors.ts';
import { compileForSender } from '../../shared/json-schema.ts';
import type { RateLimiter } from '../../shared/redis/rate-limiter.ts';
import { listDeliveries } from '../../shared/redis/delivery-list.ts';
import type { WebhookSecrets } from '../../shared/redis/webhook-secrets.ts';
import { WebhookUrl } from '../../shared/webhook-event.ts';
import { queryAfter } from '../http/page-query.ts';
import type { Answer, Call } from '../http/route.ts';
import { readTime } from '../http/time.ts';
import { limitRate } from '../tenants/rate-limit.ts';
import { readDeliveryQuery } from './delivery-query.ts';
import { recover, type RedeliveryParts } from './redelivery.ts';
import { sendTestEvent, type TestEventParts } from './test-event.ts';

export interface WebhookHandlerParts extends RedeliveryParts, TestEventParts {
  secrets: WebhookSecrets;
  limiter: RateLimiter;
}

export const RecoveryRequest = Type.Object(
  {
    since: Type.String({
      format: 'date-time',
      description: 'RFC 3339; deliveries whose first attempt began since then',
    }),
  },
  { additionalProperties: false },
);

export const TestRequest = Type.Object({ url: WebhookUrl }, { additionalProperties: false });

/** Each test calls whomever the tenant names, so that there are not many whatever its own rate is. */
const TESTS = { limit: 30, window: 60 };

type Handler = (call: Call) => Promise<Answer>;

const checkRecovery = compileForSender(RecoveryRequest, { strict: true });
const checkTest = compileForSender(TestRequest, { strict: true });

/** The thin handlers of webhooks: the secret, the deliveries, sending again, a test. */
export function createWebhookHandlers(parts: WebhookHandlerParts) {
  const secret: Handler = async ({ principal }) => {
    const [newest] = await parts.secrets.list(principal.tenant);
    return { status: 200, value: { secret: newest } };
  };

  const rotate: Handler = async ({ principal }) => ({
    status: 200,
    value: { secret: await parts.secrets.rotate(principal.tenant) },
  });

  const deliveries: Handler = async ({ principal, query }) => {
    const { status, since, limit, cursor } = readDeliveryQuery(query);
    const filter = { tenant: principal.tenant, status, since };
    const page = await listDeliveries(parts.redis, filter, limit, cursor);
    const next = page.next ? `/webhooks/deliveries?${queryAfter(query, page.next)}` : null;
    return { status: 200, value: { data: page.deliveries, next } };
  };

  const redeliverAll: Handler = async ({ principal, body }) => {
    if (!isRecoveryRequest(body)) throw refused('redelivery', checkRecovery(body));
    return { status: 202, value: await recover(parts, principal.tenant, readTime(body.since, '/since')) };
  };

  const test: Handler = async ({ principal, body, requestId, signal }) => {
    if (!isTestRequest(body)) throw refused('test', checkTest(body));
    const bucket = `webhook-test:${principal.tenant}`;
    const headers = await limitRate(parts.limiter, bucket, { rate: TESTS }, 'test events');
    const event = { tenant: principal.tenant, url: body.url, requestId };
    return { status: 200, headers, value: await sendTestEvent(parts, event, signal) };
  };

  return { secret, rotate, deliveries, redeliverAll, test };
}

function isRecoveryRequest(body: unknown): body is Static<typeof RecoveryRequest> {
  return checkRecovery(body).length === 0;
}

function isTestRequest(body: unknown): body is Static<typeof TestRequest> {
  return checkTest(body).length === 0;
}

function refused(what: string, faults: { pointer: string; detail: string }[]): InferqError {
  const sentence = faults.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; ');
  return new InferqError('invalid_request', `Not a ${what}: ${sentence}.`, { errors: faults });
}
