import { Type, type Static, type TSchema } from 'typebox';
import { STATUSES } from './job-status.ts';
import { WebhookRequest } from './webhook-event.ts';

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds' });

const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const CACHE_MODES = ['use', 'refresh', 'bypass'] as const;

// By hand: a record of TypeBox says nothing of how long its keys may be, nor of values whose key has a line break.
const Metadata = Type.Unsafe<Record<string, string>>({
  type: 'object',
  propertyNames: { type: 'string', maxLength: 64 },
  additionalProperties: { type: 'string', maxLength: 512 },
  maxProperties: 16,
  description: 'Labels of the client, keys of 64 characters at most; jobs can be listed by them',
});

/** What a client posts to `/jobs`. Durations are seconds. */
export const JobRequest = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 96, description: 'Its name, or name@version' }),
    input: Type.Unknown({ description: "Checked against the model's input_schema" }),
    webhook: Type.Optional(WebhookRequest),
    priority: Type.Optional(Type.Enum([...PRIORITIES], { default: 'normal' })),
    ttl: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 2_592_000, description: 'How long it may wait to start' }),
    ),
    delay: Type.Optional(Type.Number({ minimum: 0, maximum: 2_592_000, description: 'Not before then' })),
    timeout: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'Of one call of the model' }),
    ),
    cache: Type.Optional(Type.Enum([...CACHE_MODES], { default: 'use' })),
    metadata: Type.Optional(Metadata),
  },
  {
    additionalProperties: false,
    // The reference page offers it to try out.
    examples: [{ model: 'language-id', input: { text: 'Guten Morgen, wie geht es dir?' } }],
  },
);
export type JobRequest = Static<typeof JobRequest>;

export const JobError = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  error_type: Type.String({ description: 'Machine-readable, see the table of errors' }),
  retryable: Type.Boolean(),
  attempt: Type.Integer({ description: 'The attempt that failed last' }),
});
export type JobError = Static<typeof JobError>;

export const Attempt = Type.Object({
  attempt: Type.Integer(),
  started_at: Time,
  ended_at: Time,
  outcome: Type.String({ description: '"succeeded", "canceled", or the error_type' }),
  detail: Type.Optional(Type.String()),
  worker: Type.Optional(Type.String()),
  endpoint: Type.Optional(Type.String()),
  model: Type.Optional(Type.String({ description: 'The fallback that was asked, as name@version' })),
});
export type Attempt = Static<typeof Attempt>;

export const Progress = Type.Object({
  progress: Type.Number({ minimum: 0, maximum: 1 }),
  message: Type.Optional(Type.String()),
});
export type Progress = Static<typeof Progress>;

/** A job as clients see it. */
export const Job = Type.Object(
  {
    id: Type.String({ description: 'job_…' }),
    model: Type.String(),
    version: Type.String(),
    status: Type.Enum([...STATUSES]),
    output: Type.Unknown({ description: 'As the model gave it, null until then' }),
    error: nullable(JobError),
    cache: Type.Enum(['hit', 'miss', 'coalesced', 'bypass']),
    progress: nullable(Progress),
    metadata: Metadata,
    created_at: Time,
    started_at: nullable(Time),
    completed_at: nullable(Time),
    expires_at: nullable(Time),
    metrics: Type.Object({
      queue_time: nullable(Type.Number({ description: 'Seconds from acceptance to the first start' })),
      run_time: nullable(Type.Number({ description: 'Seconds from the first start to the end' })),
      attempts: Type.Integer(),
    }),
    queue: nullable(
      Type.Object({
        position: Type.Integer({ description: '1 is next' }),
        eta: nullable(Type.Number({ description: 'Estimated seconds until it starts' })),
      }),
    ),
    data_removed: Type.Boolean(),
    urls: Type.Object({ get: Type.String(), cancel: Type.String(), events: Type.String() }),
    request_id: Type.Optional(Type.String({ description: 'The X-Request-Id of its submission' })),
    output_url: Type.Optional(
      Type.String({
        description: 'In webhooks: where an output of more than 20 kB is, which is left out there',
      }),
    ),
    input: Type.Optional(Type.Unknown({ description: 'With ?include=input' })),
    attempts: Type.Optional(Type.Array(Attempt, { description: 'With ?include=attempts' })),
  },
  { additionalProperties: false },
);
export type Job = Static<typeof Job>;
