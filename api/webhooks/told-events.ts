import { Type } from 'typebox';
import type { EventType } from '../../shared/webhook-event.ts';

const WHEN: Record<EventType, string> = {
  'job.started': 'A worker takes the job, or it joins one that runs; sent once, where it is asked for',
  'job.progress': 'The model tells of progress; the newest, where it is asked for',
  'job.succeeded': 'The model has answered, or the cache had the answer',
  'job.failed': 'The last attempt has failed',
  'job.canceled': 'Somebody has canceled the job',
  'job.expired': 'Its `ttl` ran out before it started',
  'webhook.test': '`POST /webhooks/test`; sent once',
};

const TestData = Type.Object({ id: Type.String({ description: 'test_…' }), tenant: Type.String() });

const HEADERS = {
  'webhook-id': 'The same for all attempts of a message',
  'webhook-timestamp': 'Of this attempt, in seconds of the epoch',
  'webhook-signature':
    'v1,… as Standard Webhooks has it; two, with a space between, while a secret is replaced',
};

const ANSWERS = {
  '2XX': { description: 'It is delivered' },
  410: { description: 'It is given up at once' },
  default: { description: 'It is tried again, where it tells of an end' },
};

/** The webhooks of the OpenAPI document: what a receiver is sent. `job` is the schema of a job. */
export function describeEvents(job: object): object {
  return Object.fromEntries(
    Object.entries(WHEN).map(([type, summary]) => {
      const schema = {
        type: 'object',
        required: ['type', 'timestamp', 'data'],
        properties: {
          type: Type.Literal(type),
          timestamp: Type.String({ format: 'date-time' }),
          data: type === 'webhook.test' ? TestData : job,
        },
      };
      return [type, { post: describeEvent(type, summary, schema) }];
    }),
  );
}

function describeEvent(type: string, summary: string, schema: object): object {
  return {
    tags: ['Webhooks'],
    operationId: type.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase()),
    summary,
    security: [],
    parameters: Object.entries(HEADERS).map(([name, description]) => {
      return { name, in: 'header', description, required: true, schema: { type: 'string' } };
    }),
    requestBody: { required: true, content: { 'application/json': { schema } } },
    responses: ANSWERS,
  };
}
