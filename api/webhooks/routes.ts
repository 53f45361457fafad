import { Type } from 'typebox';
import { Delivery, DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { DELIVERY_STATUSES } from '../../shared/webhooks/delivery-status.ts';
import { OF_RATE } from '../http/answer-headers.ts';
import { pageOf, pageParameters } from '../http/page.ts';
import type { Route } from '../http/route.ts';
import { createWebhookHandlers, RecoveryRequest, TestRequest, type WebhookHandlerParts } from './handlers.ts';

const tag = 'Webhooks';
const Secret = Type.Object({ secret: Type.String({ description: 'whsec_…, as Standard Webhooks has it' }) });
const secret = { description: 'The secret that signs', schema: Secret };

/** What can be done with webhooks apart from their jobs. */
export function createWebhookRoutes(parts: WebhookHandlerParts): Route[] {
  const handlers = createWebhookHandlers(parts);
  return [
    {
      method: 'get',
      path: '/webhooks/secret',
      tag,
      summary: "The secret that signs your tenant's webhooks",
      scope: 'jobs:write',
      answers: { 200: secret },
      handle: handlers.secret,
    },
    {
      method: 'post',
      path: '/webhooks/secret/rotate',
      tag,
      summary: 'A new secret; the one before goes on signing for 24 hours',
      scope: 'jobs:write',
      answers: { 200: secret },
      handle: handlers.rotate,
    },
    {
      method: 'get',
      path: '/webhooks/deliveries',
      tag,
      summary: "The webhooks of your tenant's jobs with each attempt, newest first",
      description:
        'From their first attempt on, for eight days after the last. Notices and tests are not among them.',
      scope: 'jobs:read',
      parameters: [
        {
          name: 'status',
          in: 'query',
          description: 'pending: to be tried (again); failed: given up',
          schema: Type.Enum([...DELIVERY_STATUSES]),
        },
        {
          name: 'since',
          in: 'query',
          description: 'Whose first attempt began since then',
          schema: Type.String({ format: 'date-time' }),
        },
        ...pageParameters,
      ],
      answers: {
        200: {
          description: 'A page of deliveries',
          schema: pageOf(Delivery),
        },
        400: { description: 'A parameter is not known or not well-formed' },
      },
      handle: handlers.deliveries,
    },
    {
      method: 'post',
      path: '/webhooks/redeliver',
      tag,
      summary: 'Send all again that failed since a time',
      description:
        'Those that were given up get a schedule anew; those that wait for their next attempt are tried at once. ' +
        'A call sees to a thousand of each; `more` says that others were given up, for the same call again. ' +
        'Those beyond that which wait come in their own time.',
      scope: 'jobs:write',
      body: RecoveryRequest,
      answers: {
        202: {
          description: 'They will be sent',
          schema: Type.Object({ count: Type.Integer(), more: Type.Boolean() }),
        },
        400: { description: 'Not such a request' },
      },
      handle: handlers.redeliverAll,
    },
    {
      method: 'post',
      path: '/webhooks/test',
      tag,
      summary: 'Send a signed `webhook.test`, and say what the receiver answered',
      description: 'It is sent once, also to a receiver that keeps failing. The answer may take 15 seconds.',
      scope: 'jobs:write',
      body: TestRequest,
      answers: {
        200: { description: 'The attempt, whatever came of it', schema: DeliveryRecord, headers: OF_RATE },
        400: { description: 'The URL is not valid, or does not lead to a public address' },
        429: { description: 'Too many tests: 30 a minute', headers: ['Retry-After', ...OF_RATE] },
        503: { description: 'No worker delivers webhooks now' },
      },
      handle: handlers.test,
    },
  ];
}
