import { Type, type Static } from 'typebox';
import { TERMINAL_STATUSES, type TerminalStatus } from './job-status.ts';

/** The ends of a job that a client may ask to be told of. */
const WEBHOOK_EVENTS = TERMINAL_STATUSES;

const Url = Type.String({ minLength: 1, maxLength: 2048, description: 'https, to a public address' });

/** A bare URL, told of every end, or an object that chooses. */
export const WebhookRequest = Type.Union([
  Url,
  Type.Object(
    {
      url: Url,
      events: Type.Optional(Type.Array(Type.Enum([...WEBHOOK_EVENTS]), { minItems: 1, uniqueItems: true })),
    },
    { additionalProperties: false },
  ),
]);

/** Where a job's end is reported, and which ends. */
export interface Webhook {
  url: string;
  events: readonly TerminalStatus[];
}

export function toWebhook(request: Static<typeof WebhookRequest>): Webhook {
  if (typeof request === 'string') return { url: request, events: WEBHOOK_EVENTS };
  return { url: request.url, events: request.events ?? WEBHOOK_EVENTS };
}

/** The name of the event in the body of a delivery, as Standard Webhooks has it: `job.succeeded`. */
export function eventType(status: TerminalStatus): `job.${TerminalStatus}` {
  return `job.${status}`;
}
