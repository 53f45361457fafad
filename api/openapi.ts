import type { TSchema } from 'typebox';
import { ERRORS } from '../shared/errors.ts';
import { Job, JobRequest } from '../shared/job.ts';
import { ALWAYS, ANSWER_HEADERS, type AnswerHeader } from './http/answer-headers.ts';
import type { Route, RouteAnswer } from './http/route.ts';
import { asAnswered, asSent } from './sent-schema.ts';
import { describeEvents } from './webhooks/told-events.ts';

const PROBLEM = { $ref: '#/components/schemas/Problem' };

const COMPONENTS: Record<string, object> = {
  Job,
  JobRequest,
  Problem: {
    type: 'object',
    description: 'RFC 9457 problem details',
    required: ['type', 'title', 'status', 'detail', 'error_type'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      error_type: { type: 'string', enum: Object.keys(ERRORS) },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['pointer', 'detail'],
          properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
        },
      },
    },
  },
};

const HEADERS = Object.fromEntries(
  Object.entries(ANSWER_HEADERS).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]),
);

/** The OpenAPI 3.1 document of the routes, made from the schemas that validate. */
export function describeApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    const operations = paths[route.path];
    if (operations) operations[route.method] = describeRoute(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'inferq',
      version,
      description:
        'The asynchronous inference broker: takes a model call, says at once that it is kept, and sees it through.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    webhooks: describeEvents(refer(Job)),
    components: {
      schemas: COMPONENTS,
      headers: HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API token, ifq_…, or a JWT' },
      },
    },
  };
}

function describeRoute({
  tag,
  summary,
  description,
  scope,
  parameters,
  body,
  bodyOptional = false,
  answers,
  path,
  method,
}: Route): object {
  const needs = scope === 'public' || scope === 'any' ? undefined : `Needs the scope \`${scope}\`.`;
  return {
    tags: [tag],
    operationId: operationId(method, path),
    summary,
    description: [description, needs].filter((text) => text !== undefined).join(' '),
    ...(scope === 'public' ? { security: [] } : {}),
    ...(parameters ? { parameters: parameters.map(describeParameter) } : {}),
    ...(body
      ? {
          requestBody: {
            required: !bodyOptional,
            content: { 'application/json': { schema: asSent(refer(body)) } },
          },
        }
      : {}),
    responses: Object.fromEntries(
      Object.entries({
        ...(scope === 'public' ? {} : REFUSALS),
        ...(body ? REFUSED_BODIES : {}),
        ...answers,
      }).map(([status, answer]) => [status, describeAnswer(Number(status), answer)]),
    ),
  };
}

const REFUSALS: Route['answers'] = {
  401: { description: 'No credential, or one that is not valid', headers: ['WWW-Authenticate'] },
  403: { description: 'The credential does not allow this' },
  503: {
    description: 'The broker cannot reach its store, or the keys that verify tokens',
    headers: ['Retry-After'],
  },
};

const REFUSED_BODIES: Route['answers'] = {
  400: { description: 'The body is not JSON' },
  413: { description: 'The body is too large' },
  415: { description: 'The body is not plain application/json' },
};

function describeParameter({
  name,
  in: place,
  description,
  schema,
}: NonNullable<Route['parameters']>[number]): object {
  return { name, in: place, description, required: place === 'path', schema };
}

function describeAnswer(status: number, answer: RouteAnswer): object {
  const { description, headers = [] } = answer;
  const content = contentOf(status, answer);
  return { description, headers: referToHeaders([...headers, ...ALWAYS]), ...(content ? { content } : {}) };
}

function contentOf(status: number, { schema, type }: RouteAnswer): object | undefined {
  if (type) return { [type]: { schema: { type: 'string' } } };
  if (schema) return { 'application/json': { schema: asAnswered(refer(schema)) } };
  return status < 400 ? undefined : { 'application/problem+json': { schema: PROBLEM } };
}

function referToHeaders(names: readonly AnswerHeader[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function refer(schema: TSchema): object {
  const named = Object.entries(COMPONENTS).find(([, component]) => component === schema);
  return named ? { $ref: `#/components/schemas/${named[0]}` } : schema;
}

function operationId(method: string, path: string): string {
  const words = path.split(/[/{}]+/).filter((word) => word !== '');
  return [method, ...words]
    .map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1)))
    .join('');
}
