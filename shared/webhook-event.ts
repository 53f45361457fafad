import { Type, type Static } from 'typebox';
import { TERMINAL_STATUSES, type TerminalStatus } from './job-status.ts';

/** What a client may be told of on the way. Notices are sent once and promise nothing; ends are delivered. */
const NOTICES = ['started', 'progress'] as const;
export type NoticeEvent = (typeof NOTICES)[number];

export const WEBHOOK_EVENTS = [...NOTICES, ...TERMINAL_STATUSES] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export const WebhookUrl = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'https, to a public address',
});

/** A bare URL, told of every end, or an object that chooses. */
export const WebhookRequest = Type.Union([
  WebhookUrl,
  Type.Object(
    {
      url: WebhookUrl,
      events: Type.Optional(
        Type.Array(Type.Enum([...WEBHOOK_EVENTS]), {
          minItems: 1,
          uniqueItems: true,
          description:
            'The ends of the job where it is left out; started and progress only where they are named',
        }),
      ),
    },
    { additionalProperties: false },
  ),
]);

/** Where a client is told of a job, and what. */
export interface Webhook {
  url: string;
  events: readonly WebhookEvent[];
}

export function toWebhook(request: Static<typeof WebhookRequest>): Webhook {
  if (typeof request === 'string') return { url: request, events: TERMINAL_STATUSES };
  return { url: request.url, events: request.events ?? TERMINAL_STATUSES };
}

/** The name of the event in the body of a delivery, as Standard Webhooks has it: `job.succeeded`. */
export type EventType = `job.${WebhookEvent}` | 'webhook.test';

export function eventType<Event extends WebhookEvent>(event: Event): `job.${Event}` {
  return `job.${event}`;
}

/** The end that an event tells of, where it is one. */
export function endOf(type: string): TerminalStatus | undefined {
  return TERMINAL_STATUSES.find((status) => eventType(status) === type);
}
