import { Type } from 'typebox';
import { STATUSES } from '../../shared/job-status.ts';
import { Job, JobRequest } from '../../shared/job.ts';
import { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { pageOf, pageParameters } from '../http/page.ts';
import { OF_RATE, type AnswerHeader } from '../http/answer-headers.ts';
import type { Parameter, Route, RouteAnswer } from '../http/route.ts';
import { createJobHandlers, type JobHandlerParts } from './handlers.ts';

const tag = 'Jobs';
const id: Parameter = { name: 'id', in: 'path', description: "The job's id", schema: Type.String() };

const wait: readonly Parameter[] = [
  {
    name: 'wait',
    in: 'query',
    description: 'Seconds to hold the answer until the job has ended',
    schema: Type.Integer({ minimum: 1, maximum: 60 }),
  },
  {
    name: 'Prefer',
    in: 'header',
    description: '`wait=N`: the same as a preference (RFC 7240); `wait` alone, and what is over 60, is 60',
    schema: Type.String(),
  },
];

const submitted: readonly AnswerHeader[] = ['Preference-Applied', ...OF_RATE];
const ended = {
  description: 'It has ended within the wait, or came from the cache',
  schema: Job,
  headers: submitted,
};
const found = { description: 'The job', schema: Job };
const accepted: RouteAnswer = { description: 'Accepted: from here on it is not lost', schema: Job };
const full: RouteAnswer = {
  description: "The tenant's rate or backlog is used up",
  headers: ['Retry-After', ...OF_RATE],
};
const spent: RouteAnswer = { description: "The tenant's budget is spent", headers: ['Retry-After'] };
const seen: readonly AnswerHeader[] = ['ETag', 'Preference-Applied'];
const noJob = { description: 'There is no such job' };

/** What can be done with jobs. */
export function createJobRoutes(parts: JobHandlerParts): Route[] {
  const handlers = createJobHandlers(parts);
  return [
    {
      method: 'post',
      path: '/jobs',
      tag,
      summary: 'Submit a job',
      scope: 'jobs:write',
      parameters: [
        ...wait,
        {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Same key and same body give the same job for 24 h; 1 to 255 characters',
          schema: Type.String({ minLength: 1, maxLength: 255 }),
        },
        {
          name: 'traceparent',
          in: 'header',
          description: 'W3C trace context, carried to the model and the webhook',
          schema: Type.String(),
        },
      ],
      body: JobRequest,
      answers: {
        200: ended,
        202: { ...accepted, headers: ['Location', ...submitted] },
        400: { description: 'Not JSON, or not a job' },
        402: spent,
        403: {
          description: 'The model is outside of an allow list, or has no price and the tenant has a budget',
        },
        404: { description: 'There is no such model' },
        413: { description: 'The body is too large' },
        415: { description: 'The body is not plain application/json' },
        422: {
          description:
            "The input does not fit the model's schema, or the Idempotency-Key is another request's",
        },
        429: full,
        503: {
          description: 'The broker is full, or one of its stores does not answer',
          headers: ['Retry-After'],
        },
      },
      handle: handlers.submit,
    },
    {
      method: 'get',
      path: '/jobs',
      tag,
      summary: 'List your jobs, newest first',
      description: 'A filter on metadata is written `metadata.<key>=<value>`.',
      scope: 'jobs:read',
      parameters: [
        { name: 'model', in: 'query', description: 'name or name@version', schema: Type.String() },
        { name: 'status', in: 'query', description: 'Only of this status', schema: Type.Enum([...STATUSES]) },
        { name: 'error_type', in: 'query', description: 'Only that failed with this', schema: Type.String() },
        ...pageParameters,
      ],
      answers: {
        200: {
          description: 'A page of jobs',
          schema: pageOf(Job),
        },
        400: { description: 'A parameter is not known or not well-formed' },
      },
      handle: handlers.list,
    },
    {
      method: 'get',
      path: '/jobs/{id}',
      tag,
      summary: 'Read a job, or wait for its end',
      scope: 'jobs:read',
      parameters: [
        id,
        ...wait,
        {
          name: 'include',
          in: 'query',
          description: '`input`, `attempts`, or both with a comma',
          schema: Type.String(),
        },
        { name: 'If-None-Match', in: 'header', description: 'An ETag of this job', schema: Type.String() },
      ],
      answers: {
        200: { ...found, headers: seen },
        304: { description: 'Nothing has changed since that ETag', headers: seen },
        400: { description: 'wait or include is not well-formed' },
        404: noJob,
      },
      handle: handlers.get,
    },
    {
      method: 'get',
      path: '/jobs/{id}/output',
      tag,
      summary: 'The output alone, as the model gave it',
      scope: 'jobs:read',
      parameters: [
        id,
        {
          name: 'redirect',
          in: 'query',
          description: '`true`: rather an address to fetch a large output from, where the broker has one',
          schema: Type.Boolean(),
        },
      ],
      answers: {
        200: { description: 'The output', schema: Type.Unknown() },
        400: { description: 'redirect is neither true nor false' },
        302: {
          description: 'Where it can be fetched for five minutes, without a credential',
          headers: ['Location'],
        },
        404: noJob,
        409: { description: 'The job has no output (yet)' },
        410: { description: 'The output has been removed' },
      },
      handle: handlers.output,
    },
    {
      method: 'get',
      path: '/jobs/{id}/events',
      tag,
      summary: 'What happens to a job, as server-sent events',
      description:
        'Events are `status`, `progress`, `output` (a chunk), `log` and at the end `done` with the job. Each has an ' +
        'id; `Last-Event-ID` resumes after it at any replica.',
      scope: 'jobs:read',
      parameters: [
        id,
        { name: 'Last-Event-ID', in: 'header', description: 'The last event seen', schema: Type.String() },
      ],
      answers: {
        200: { description: 'The events', type: 'text/event-stream' },
        204: { description: 'Last-Event-ID is that of `done`: there is nothing more' },
        400: { description: 'Last-Event-ID is not one of this stream' },
        404: noJob,
        410: { description: 'Events after this id are not kept any more' },
      },
      handle: handlers.events,
    },
    {
      method: 'post',
      path: '/jobs/{id}/cancel',
      tag,
      summary: 'Cancel a job',
      scope: 'jobs:write',
      parameters: [id],
      answers: { 200: found, 404: noJob, 409: { description: 'It has ended otherwise' } },
      handle: handlers.cancel,
    },
    {
      method: 'post',
      path: '/jobs/{id}/retry',
      tag,
      summary: 'Run a job again that failed, was canceled or expired',
      scope: 'jobs:write',
      parameters: [id],
      answers: {
        202: { ...accepted, headers: ['Location', ...OF_RATE] },
        402: spent,
        404: noJob,
        409: { description: 'It has not ended, or it has succeeded' },
        410: { description: 'Its input has been removed' },
        429: full,
      },
      handle: handlers.retry,
    },
    {
      method: 'get',
      path: '/jobs/{id}/deliveries',
      tag,
      summary: 'Each attempt to deliver the webhook of a job',
      scope: 'jobs:read',
      parameters: [id],
      answers: {
        200: {
          description: 'The attempts, oldest first',
          schema: Type.Object({ data: Type.Array(DeliveryRecord), next: Type.Null() }),
        },
        404: noJob,
      },
      handle: handlers.deliveries,
    },
    {
      method: 'post',
      path: '/jobs/{id}/deliveries/{delivery}/redeliver',
      tag,
      summary: 'Send a webhook once more, under the same webhook-id',
      scope: 'jobs:write',
      parameters: [
        id,
        { name: 'delivery', in: 'path', description: 'The id of the delivery, msg_…', schema: Type.String() },
      ],
      answers: {
        202: { description: 'It will be sent; this is its last attempt until now', schema: DeliveryRecord },
        404: { description: 'There is no such job or delivery' },
      },
      handle: handlers.redeliver,
    },
  ];
}
